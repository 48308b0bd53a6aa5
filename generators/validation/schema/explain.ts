import type { ErrorObject } from 'ajv'
import { type DocumentPath, type Finding, formatPath } from '../../findings/index.ts'
import { nearest } from '../../text/index.ts'
import { resolvePlainScalar } from '../../yaml/index.ts'
import { ownValue } from '../fields.ts'
import { about, type ManifestObject, writtenAt } from '../manifest-objects.ts'
import { formats } from './formats.ts'
import { whyUnchecked } from './go-reg-exp.ts'

/** These only say that another error, which is reported as well, is an error. */
const ECHOES = new Set(['if', 'propertyNames'])

/** Of one object; one with more is something else than its kind says. */
const MAX_FINDINGS = 200

/** Every violation as one sentence at its line; what ajv says twice is said once. */
export function explain(errors: readonly ErrorObject[], object: ManifestObject): Finding[] {
  const told = known(errors.filter((error) => !ECHOES.has(error.keyword))).slice(0, MAX_FINDINGS)
  const findings = told.map((error) => toFinding(error, object))
  return [...new Map(findings.map((finding) => [`${finding.path}|${finding.message}`, finding])).values()]
}

/** Without what nobody knows: whether a value is of any of some branches, one of which has a pattern that cannot be checked. */
function known(errors: ErrorObject[]): ErrorObject[] {
  const unchecked = errors.filter((error) => uncheckedPattern(error) !== undefined)
  const inBranch = (error: ErrorObject, { schemaPath }: ErrorObject) => {
    const branching = /^.*?\/(?:anyOf|oneOf)(?=\/\d)/.exec(error.schemaPath)?.[0]
    return branching !== undefined && `${schemaPath}/`.startsWith(`${branching}/`)
  }
  return errors.filter((error) => unchecked.includes(error) || !unchecked.some((one) => inBranch(one, error)))
}

function uncheckedPattern({ keyword, params }: ErrorObject): string | undefined {
  return keyword === 'pattern' ? whyUnchecked(params['pattern'] as string) : undefined
}

function toFinding(error: ErrorObject, object: ManifestObject): Finding {
  const parent = pathOf(error.instancePath, object.value)
  const field = error.params['additionalProperty'] ?? error.params['missingProperty'] ?? error.propertyName
  const path = typeof field === 'string' ? [...parent, field] : parent
  const reason = uncheckedPattern(error)
  if (reason !== undefined) return uncheckedAt(object, path, { pattern: error.params['pattern'], reason })
  return findingAt(
    object,
    path,
    sentence(error, String(field), () => writtenAt(object, path)?.text),
  )
}

function uncheckedAt(
  object: ManifestObject,
  path: DocumentPath,
  { pattern, reason }: { pattern: string; reason: string },
): Finding {
  const says = {
    message: `could not check the pattern ${pattern}: ${reason}`,
    fix: 'Correct the pattern in the schema.',
  }
  return { ...findingAt(object, path, says), rule: 'resource-rule-unchecked', severity: 'warning' }
}

/** A finding of rule `schema-invalid` at `path`, whose message begins with that path. */
export function findingAt(object: ManifestObject, path: DocumentPath, says: { message: string; fix: string }): Finding {
  const line = object.lineOf(path)
  const where = formatPath(path)
  return {
    rule: 'schema-invalid',
    severity: 'error',
    message: where === '' ? says.message : `${where}: ${says.message}`,
    file: object.file,
    ...(line === undefined ? {} : { line }),
    ...(where === '' ? {} : { path: where }),
    ...about(object),
    fix: says.fix,
  }
}

/** A JSON pointer as a path; a token is a number only where the document has a list (a ConfigMap key may be "8080"). */
export function pathOf(pointer: string, document: unknown): DocumentPath {
  const path: DocumentPath = []
  let at = document
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(at) ? Number(key) : key)
    at = (at as Record<string, unknown> | undefined)?.[key]
  }
  return path
}

function sentence(
  error: ErrorObject,
  field: string,
  source: () => string | undefined,
): { message: string; fix: string } {
  const got = show(error.data)
  const limit = error.params['limit'] as number | undefined
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownField(field, Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {}))
    case 'required':
      return { message: 'is required', fix: `Add ${field}.` }
    case 'type':
      return wrongType(error.data, got, { type: error.params['type'] as string | string[], source })
    case 'enum':
    case 'const': {
      const allowed = ((error.params['allowedValues'] ?? [error.params['allowedValue']]) as unknown[]).filter(
        (value) => value !== '',
      )
      const near = typeof error.data === 'string' ? nearest(error.data, allowed.map(String)) : undefined
      return {
        message: `${got} is not ${allowed.length === 1 ? '' : 'one of '}${allowed.join(', ')}`,
        fix: near || allowed.length === 1 ? `Write ${near ?? allowed[0]}.` : `Use one of ${allowed.join(', ')}.`,
      }
    }
    case 'format': {
      const says =
        ownValue(formats, error.params['format'] as string)?.says ?? `of the format ${error.params['format']}`
      return { message: `${show(error.propertyName ?? error.data)} is not ${says}`, fix: `Write ${says}.` }
    }
    case 'pattern':
      return {
        message: `${got} does not match ${error.params['pattern']}`,
        fix: `Write a text that matches ${error.params['pattern']}.`,
      }
    case 'minimum':
      return { message: `${got} is less than ${limit}`, fix: `Write ${limit} or more.` }
    case 'maximum':
      return { message: `${got} is more than ${limit}`, fix: `Write ${limit} or less.` }
    case 'minItems':
    case 'minLength':
    case 'minProperties':
      return {
        message: limit === 1 ? 'must not be empty' : `must have at least ${counted(limit, error.keyword)}`,
        fix: `Give it at least ${counted(limit, error.keyword)}.`,
      }
    case 'maxItems':
    case 'maxLength':
    case 'maxProperties': {
      const given = error.keyword === 'maxProperties' ? `, and has ${Object.keys(error.data as object).join(', ')}` : ''
      const most = counted(limit, error.keyword)
      return { message: `may have at most ${most}${given}`, fix: `Leave at most ${most}.` }
    }
    default:
      return { message: `${got} ${error.message ?? 'is not valid'}`, fix: 'Correct the value.' }
  }
}

function counted(limit = 0, keyword: string): string {
  const noun = keyword.endsWith('Items') ? 'item' : keyword.endsWith('Length') ? 'character' : 'field'
  return `${limit} ${noun}${limit === 1 ? '' : 's'}`
}

function unknownField(field: string, known: string[]): { message: string; fix: string } {
  const near = nearest(field, known)
  if (near) return { message: `unknown field; did you mean "${near}"?`, fix: `Rename it to ${near}.` }
  const list = known.length > 0 && known.length <= 30 ? ` Known here: ${known.join(', ')}.` : ''
  return { message: 'unknown field', fix: `Remove it.${list}` }
}

const TYPE_NAMES: Record<string, string> = {
  object: 'a map',
  array: 'a list',
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

interface Wanted {
  type: string | string[]
  /** What is written there, with its quotes. */
  source(): string | undefined
}

function wrongType(value: unknown, got: string, { type, source }: Wanted): { message: string; fix: string } {
  const types = [type].flat()
  const names = types.map((name) => ownValue(TYPE_NAMES, name) ?? name).join(' or ')
  // A plain create drops it, server-side apply refuses it.
  const otherwise = value === null ? `Remove the field, or write ${names}.` : `Write ${names}.`
  return { message: `${got} is not ${names}`, fix: retyped(value, types, source) ?? otherwise }
}

/** The commonest slip is a quote too many or too few. */
function retyped(value: unknown, types: string[], source: Wanted['source']): string | undefined {
  const scalar = typeof value === 'number' || typeof value === 'boolean'
  if (scalar && types.includes('string')) {
    const written = source() ?? String(value)
    return written === String(value)
      ? `Put it in quotes: "${value}".`
      : `Write "${written}" in quotes, or "${value}": without them it is read as ${value}.`
  }
  if (typeof value !== 'string') return types.includes('array') && scalar ? `Write a list: [${value}].` : undefined
  if (/^-?\d+$/.test(value) && types.includes('integer')) return `Write ${value} without quotes.`
  if (/^(true|false)$/.test(value) && types.includes('boolean')) return `Write ${value} without quotes.`
  const word = types.includes('boolean') ? resolvePlainScalar(value) : undefined
  if (typeof word === 'boolean') return `Write ${word}.`
  return types.includes('array') ? `Write a list: [${value}].` : undefined
}

function show(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const shown = JSON.stringify(value) ?? String(value)
  return shown.length > 80 ? `${shown.slice(0, 76)}..."` : shown
}
