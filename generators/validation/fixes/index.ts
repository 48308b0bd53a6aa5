import { type DocumentPath, type Finding, formatPath } from '../../findings/index.ts'
import { canonicalJson } from '../../text/index.ts'
import { itemLines, resolvePlainScalar, type SourceRange } from '../../yaml/index.ts'
import { itemOf } from '../dedupe-findings.ts'
import { isMap } from '../fields.ts'
import { about, kubernetesObject, type ManifestObject } from '../manifest-objects.ts'
import { replacementOf } from '../policy/unchanged-versions.ts'
import { errorsIn, type SchemaError, type Schemas } from '../schema/index.ts'
import { type Edit, scalarEdit } from './edit.ts'

export { applyEdits, type Edit, hasMixedLineEnds } from './edit.ts'

/**
 * The repairs that are certain, of findings that were reported: quotes too many or too few, a version of an API that only changed
 * its name, an item of a list that stands there twice. Pure; `suppressionEdits` has those of comments.
 */
export function fixesOf(objects: readonly ManifestObject[], findings: readonly Finding[], schemas: Schemas): Edit[] {
  const reported = new Set(findings.map(({ rule, file, line }) => `${rule} ${file} ${line}`))
  const files = new Set(findings.map(({ file }) => file))
  const twins = twinsIn(findings)
  return objects
    .filter(({ file, place }) => place && files.has(file))
    .flatMap((object) => [
      ...quoteEdits(object, schemas),
      ...versionEdits(object, schemas),
      ...twinEdits(object, twins),
    ])
    .filter(({ rule, file, line }) => reported.has(`${rule} ${file} ${line}`))
}

/** A scalar that only its quotes, or their absence, make another type than the schema wants, and that is right then. */
function quoteEdits(object: ManifestObject, schemas: Schemas): Edit[] {
  return errorsIn(object, schemas).flatMap(({ path, error }) => {
    // One branch of several wants a type that the others need not want.
    if (error.keyword !== 'type' || /\/(?:anyOf|oneOf|not)\//.test(error.schemaPath)) return []
    const edit = scalarEdit(object, path, 'schema-invalid', (source) => {
      const text = retyped(source, error)
      return text !== undefined && isRightAt(object, path, { text, schemas }) ? text : undefined
    })
    return edit ? [edit] : []
  })
}

/** Whether the schema has nothing to say of what stands at `path` when this text is written there. */
function isRightAt(
  { value }: ManifestObject,
  path: DocumentPath,
  { text, schemas }: { text: string; schemas: Schemas },
) {
  const quoted = /^(["'])(.*)\1$/.exec(text)?.[2]
  const repaired = replacedAt(value, path, quoted ?? resolvePlainScalar(text))
  const where = formatPath(path)
  return errorsIn({ value: repaired }, schemas).every(({ path: other }) => formatPath(other) !== where)
}

function replacedAt(value: unknown, path: DocumentPath, scalar: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return scalar
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? replacedAt(item, rest, scalar) : item))
  const entries = Object.entries(isMap(value) ? value : {})
  return Object.fromEntries(entries.map(([name, item]) => [name, name === key ? replacedAt(item, rest, scalar) : item]))
}

const BARE_NUMBER = /^"(-?(?:0|[1-9]\d{0,14}))"$|^'(-?(?:0|[1-9]\d{0,14}))'$/
const BARE_BOOLEAN = /^"(true|false)"$|^'(true|false)'$/

function retyped(source: string, { data, params }: SchemaError): string | undefined {
  const types = [params['type'] as string | string[]].flat()
  const isBare = /^[\w.+-]+$/.test(source) && (typeof data === 'number' || typeof data === 'boolean')
  if (types.includes('string')) return isBare ? `"${source}"` : undefined
  if (types.includes('integer') || types.includes('number')) return unquoted(BARE_NUMBER, source)
  return types.includes('boolean') ? unquoted(BARE_BOOLEAN, source) : undefined
}

function unquoted(pattern: RegExp, source: string): string | undefined {
  const [, double, single] = pattern.exec(source) ?? []
  return double ?? single
}

/** A version whose successor is the same but for its name, when the object satisfies the successor's schema. */
function versionEdits(object: ManifestObject, schemas: Schemas): Edit[] {
  const { value } = object
  const { apiVersion, kind } = kubernetesObject(object)
  if (!isMap(value) || typeof apiVersion !== 'string' || typeof kind !== 'string') return []
  const instead = replacementOf(apiVersion, kind)
  if (instead === undefined || !schemas.validatorFor(`${instead}/${kind}`)) return []
  if (errorsIn({ value: { ...value, apiVersion: instead } }, schemas).length > 0) return []
  return (['api-deprecated', 'api-removed'] as const).flatMap((rule) => {
    const edit = scalarEdit(object, ['apiVersion'], rule, () => instead)
    return edit ? [edit] : []
  })
}

/** Where `name-duplicate` was reported: the line, and the field by which items are told apart, unless the list is a set. */
interface Twin {
  line: number
  key: string
}

/** By the place of the item. */
function twinsIn(findings: readonly Finding[]): Map<string, Twin> {
  const found = findings.filter(({ rule }) => rule === 'name-duplicate')
  return new Map(
    found.map(({ file, object, path = '', line = 1 }) => {
      const item = itemOf(path)
      return [`${file} ${object} ${item}`, { line, key: path.slice(item.length + 1) }]
    }),
  )
}

/** A second item that says the same as one before it says nothing, unless another of its name has changed that meanwhile. */
function twinEdits(object: ManifestObject, twins: ReadonlyMap<string, Twin>): Edit[] {
  if (twins.size === 0) return []
  const edits: Edit[] = []
  const visit = (value: unknown, path: (string | number)[]): void => {
    if (Array.isArray(value)) {
      const seen = new Set<string>()
      for (const [index, item] of value.entries()) {
        const at = [...path, index]
        const twin = twins.get(`${object.file} ${about(object).object} ${formatPath(at)}`)
        const text = canonicalJson(item)
        const isSame = twin && seen.has(text) && !value.some((other) => isRival(other, item, twin.key))
        const lines = isSame ? linesAt(object, at) : undefined
        if (twin && lines) edits.push(removal(object, twin.line, lines))
        seen.add(text)
        visit(item, at)
      }
    } else if (isMap(value)) for (const [key, item] of Object.entries(value)) visit(item, [...path, key])
  }
  visit(object.value, [])
  return edits
}

/** Of the same name, with another content; items of a set have no name. */
function isRival(other: unknown, item: unknown, key: string): boolean {
  if (key === '') return false
  return isMap(other) && isMap(item) && other[key] === item[key] && canonicalJson(other) !== canonicalJson(item)
}

function linesAt({ place, within = [] }: ManifestObject, path: (string | number)[]): SourceRange | undefined {
  return place && itemLines(place, [...within, ...path])
}

function removal({ file }: ManifestObject, line: number, lines: SourceRange): Edit {
  return { file, line, rule: 'name-duplicate', ...lines, text: '', says: 'the second of two that are the same' }
}
