import type { Finding } from '../../findings/index.ts'
import { nearest } from '../../text/index.ts'
import type { ManifestObject } from '../manifest-objects.ts'
import { explain, findingAt } from './explain.ts'
import { knownKinds, validatorFor } from './validators.ts'

export interface SchemaOptions {
  /** An object of a kind without a schema is left alone. */
  ignoreMissingSchemas?: boolean
}

/**
 * Each object against the schema of its kind: rule `schema-invalid` for a field that the API server would refuse, and
 * `schema-unknown-kind`, a warning, for an object that could not be checked. All violations are reported, in the order of the
 * objects. A kind's schema is compiled when its first object is seen (a Deployment's takes about 130 ms, others 5 to 15).
 */
export function checkSchema(objects: readonly ManifestObject[], options: SchemaOptions = {}): Finding[] {
  const findings: Finding[] = []
  for (const object of objects) findings.push(...checkObject(object, options))
  return findings
}

function checkObject(object: ManifestObject, { ignoreMissingSchemas = false }: SchemaOptions): Finding[] {
  const { value } = object
  if (!isMap(value)) {
    return [
      findingAt(object, [], {
        message: 'not a Kubernetes object: the document is not a map',
        fix: 'Write apiVersion, kind and metadata.',
      }),
    ]
  }
  const { apiVersion, kind } = value
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    return ['apiVersion', 'kind']
      .filter((field) => typeof value[field] !== 'string')
      .map((field) => findingAt(object, [field], { message: 'is required, and is a string', fix: `Add ${field}.` }))
  }
  const validator = validatorFor(`${apiVersion}/${kind}`)
  if (!validator) return ignoreMissingSchemas ? [] : [unknownKind(object, apiVersion, kind)]
  return explain(validator.errorsOf(validator.nullIsAbsent ? withoutNulls(value) : value), object)
}

function unknownKind(object: ManifestObject, apiVersion: string, kind: string): Finding {
  const wanted = `${apiVersion}/${kind}`
  const kinds = knownKinds()
  const near = kinds.find((known) => known.endsWith(`/${kind}`)) ?? nearest(wanted, kinds)
  const line = object.lineOf(['kind'])
  return {
    rule: 'schema-unknown-kind',
    severity: 'warning',
    message: `could not check: there is no schema of ${apiVersion} ${kind}`,
    file: object.file,
    ...(line === undefined ? {} : { line }),
    path: 'kind',
    fix: near
      ? `Did you mean apiVersion ${near.slice(0, near.lastIndexOf('/'))}, kind ${near.slice(near.lastIndexOf('/') + 1)}?`
      : 'Check this object by other means; its fields were not looked at.',
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as the API server reads it: a field that is null is a field that is not there. Lists keep their places. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isMap(value)) return value
  const result: Record<string, unknown> = {}
  for (const key of Object.keys(value)) if (value[key] !== null) result[key] = withoutNulls(value[key])
  return result
}
