import type { DocumentPath } from '../findings/index.ts'

/** `inputs[0].shape[1]` -> `['inputs', 0, 'shape', 1]`: the inverse of `formatPath` for plain keys. */
export function parsePath(path: string): DocumentPath {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? Number(index))
}
