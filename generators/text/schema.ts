import { createRequire } from 'node:module'
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv'
import { type DocumentPath, type Finding, formatPath, type RuleId } from '../findings/index.ts'
import { nearest } from './nearest.ts'

let compiler: Ajv | undefined

/** Loaded when the first schema is compiled: manifests are checked without it. */
function ajv(): Ajv {
  if (!compiler) {
    const library = createRequire(import.meta.url)('ajv') as typeof import('ajv')
    compiler = new library.Ajv({
      allErrors: true,
      strict: true,
      strictRequired: false,
      strictTypes: false,
      verbose: true,
      // Its optimizer takes longer than our documents take to check.
      code: { optimize: false },
    })
    compiler.addKeyword({
      keyword: 'decimals',
      type: 'number',
      schemaType: 'number',
      validate: (digits: number, value: number) => Number(value.toFixed(digits)) === value && !Object.is(value, -0),
      error: { message: ({ schema }) => library.str`has more than ${schema} decimals` },
    })
  }
  return compiler
}

/** What a schema check needs to know about the document it reads. */
export interface Located {
  file: string
  lineOf(path: DocumentPath): number | undefined
}

/** Compiles once; the returned function turns every violation into a located finding of `rule`. */
export function schemaCheck(rule: RuleId, schema: object) {
  let validate: ValidateFunction | undefined
  return (value: unknown, located: Located): Finding[] => {
    validate ??= ajv().compile(schema)
    if (validate(value)) return []
    return distinct((validate.errors ?? []).flatMap((error) => describe(error, rule, located)))
  }
}

function describe(error: ErrorObject, rule: RuleId, located: Located): Finding[] {
  // `if` only repeats what its branches say.
  if (error.keyword === 'if') return []
  const parent = pointerToPath(error.instancePath)
  const property = (error.params['additionalProperty'] ?? error.params['missingProperty']) as string | undefined
  const path = property === undefined ? parent : [...parent, property]
  const { message, fix } = sentence(error, property)
  const line = located.lineOf(path)
  const where = formatPath(path)
  return [
    {
      rule,
      severity: 'error',
      message: where === '' ? message : `${where}: ${message}`,
      file: located.file,
      ...(line === undefined ? {} : { line }),
      ...(where === '' ? {} : { path: where }),
      fix,
    },
  ]
}

function sentence(error: ErrorObject, property: string | undefined): { message: string; fix: string } {
  const shown = JSON.stringify(error.data)
  const got = shown === undefined || shown.length > 60 ? typeof error.data : shown
  switch (error.keyword) {
    case 'additionalProperties': {
      const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {})
      const near = nearest(property ?? '', known)
      return {
        message: near ? `unknown field; did you mean "${near}"?` : 'unknown field',
        fix: near ? `Rename it to ${near}.` : `Remove it. Known here: ${known.join(', ')}.`,
      }
    }
    case 'required':
      return { message: 'is required', fix: `Add ${property}.` }
    case 'enum': {
      const allowed = (error.params['allowedValues'] as unknown[]).join(', ')
      return { message: `${got} is not one of ${allowed}`, fix: `Use one of ${allowed}.` }
    }
    case 'pattern': {
      const described = error.parentSchema?.['description'] as string | undefined
      return {
        message: `${got} is not ${described ?? `of the form ${error.params['pattern']}`}`,
        fix: `Write ${described ?? `a text that matches ${error.params['pattern']}`}.`,
      }
    }
    default:
      return { message: `${got} ${error.message ?? 'is not valid'}`, fix: 'Correct the value.' }
  }
}

function pointerToPath(pointer: string): DocumentPath {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((token) => (/^\d+$/.test(token) ? Number(token) : token))
}

function distinct(findings: Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.path}|${finding.message}`, finding])).values()]
}
