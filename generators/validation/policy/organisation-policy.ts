import { mapAt, textAt } from '../fields.ts'
import type { IndexedObject } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'

/** What only a team can say: silent until modelyard.yaml says it. */
export const ORGANISATION_RULES: readonly ObjectRule[] = [
  {
    rule: 'label-required',
    severity: 'error',
    on: 'object',
    check: (object) => missing(object, 'labels', object.scope.options.rules?.['label-required']?.labels),
  },
  {
    rule: 'annotation-required',
    severity: 'error',
    on: 'object',
    check: (object) => missing(object, 'annotations', object.scope.options.rules?.['annotation-required']?.annotations),
  },
  {
    rule: 'image-registry',
    severity: 'error',
    on: 'container',
    check({ fields, path, pod }) {
      const allowed = pod.object.scope.options.rules?.['image-registry']?.allowed
      const image = textAt(fields, 'image')
      if (allowed === undefined || image === undefined || image === '') return
      const full = /^(?:[^/]*[.:][^/]*|localhost)\//.test(image) ? image : `docker.io/${image}`
      if (allowed.some((prefix) => full.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`))) return
      return { path: [...path, 'image'], message: `image ${image} is from none of ${allowed.join(', ')}` }
    },
  },
]

function missing(object: IndexedObject, field: string, wanted: readonly string[] | undefined): Problem[] | undefined {
  if (!wanted) return undefined
  const given = mapAt(object.metadata, field)
  return wanted
    .filter((name) => !Object.hasOwn(given, name))
    .map((name) => ({ path: ['metadata', field], message: `has no ${field.slice(0, -1)} ${name}` }))
}
