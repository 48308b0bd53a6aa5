import type { ModelInterface } from '../contract/index.ts'
import { decodeElement, type Tensors } from '../session/index.ts'

/** A feature's value in the first row, as text that is the same whatever protocol brought it; undefined where it is missing. */
export type FeatureValue = (feeds: Tensors) => string | undefined

/** Undefined when the interface has no column of that name. */
export function featureValue({ inputs }: ModelInterface, feature: string): FeatureValue | undefined {
  for (const { name, datatype, columns = [] } of inputs) {
    const index = columns.findIndex((column) => column.name === feature)
    if (index < 0) continue
    return (feeds) => {
      const data = feeds[name]?.data
      const value = data === undefined ? null : decodeElement(datatype, data, index)
      return value === null ? undefined : String(value)
    }
  }
  return undefined
}
