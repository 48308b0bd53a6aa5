import type { Column, InputTensor, ModelInterface } from '../contract/index.ts'
import { createData, elementCount, type Tensors } from './tensor.ts'

/**
 * One request that the interface allows, for a model without golden samples: every free dimension is 1, a feature is its example,
 * its first category or its least value, anything else 0 or the empty string. The model may refuse it all the same.
 */
export function madeUpFeeds({ inputs }: ModelInterface): Tensors {
  const feeds: Tensors = {}
  for (const input of inputs) {
    const shape = input.shape.map((size) => (typeof size === 'number' ? size : 1))
    const count = elementCount(shape)
    const data = createData(input.datatype, count)
    fill(input, data as unknown[], count)
    feeds[input.name] = { datatype: input.datatype, shape, data }
  }
  return feeds
}

function fill({ datatype, columns = [] }: InputTensor, data: unknown[], count: number): void {
  for (let index = 0; index < count; index++) {
    const column = columns[index % Math.max(columns.length, 1)]
    if (column === undefined) continue
    const value = exampleOf(column)
    if (datatype === 'string') data[index] = String(value)
    else if (typeof value === 'number') {
      const wide = datatype === 'int64' || datatype === 'uint64'
      data[index] = wide ? BigInt(Math.trunc(value)) : datatype === 'float16' ? 0 : value
    }
  }
}

function exampleOf({ example, categories, min }: Column): number | string {
  if (categories === undefined) return example ?? min ?? 0
  if (Array.isArray(categories)) return example ?? categories[0] ?? ''
  const label = String(example ?? Object.keys(categories)[0])
  return categories[label] ?? 0
}
