import type { DocumentPath } from '../findings/index.ts'
import { isMap } from './fields.ts'
import { type ManifestObject, writtenAt } from './manifest-objects.ts'

/**
 * The value with whole numbers that JavaScript does not hold exactly as bigints, by what is written in the file. The value itself
 * where there are none. A number that cannot be looked up stays as it is.
 */
export function withExactNumbers(object: ManifestObject, value: unknown): unknown {
  return exact(value, [])

  function exact(part: unknown, path: DocumentPath): unknown {
    if (typeof part === 'number' && Number.isInteger(part) && !Number.isSafeInteger(part)) {
      const written = writtenAt(object, path)?.text ?? ''
      return /^[-+]?(?:0|[1-9]\d*)$/.test(written) ? BigInt(written.replace(/^\+/, '')) : part
    }
    if (Array.isArray(part)) {
      const items = part.map((item, index) => exact(item, [...path, index]))
      return items.some((item, index) => item !== part[index]) ? items : part
    }
    if (!isMap(part)) return part
    const fields = Object.entries(part).map(([key, item]) => [key, exact(item, [...path, key])] as const)
    return fields.some(([key, item]) => item !== part[key]) ? Object.fromEntries(fields) : part
  }
}
