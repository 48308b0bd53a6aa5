import type { Dimension, ModelInterface } from '../contract/index.ts'

/** The name of the dimension of rows, by convention. */
const BATCH = 'batch'

/**
 * Why the interface of a model forbids that requests share a call; undefined when it does not. Rows can be put together and taken apart again only
 * when one free dimension, the same everywhere, is the first of every input and output and occurs nowhere else (a matrix
 * `[batch, batch]` compares the rows of a batch with each other). In `[time, batch, 2]` the rows are on another axis.
 */
export function unbatchableReason(modelInterface: ModelInterface): string | undefined {
  const tensors = [...modelInterface.inputs, ...modelInterface.outputs]
  let batch: Dimension | undefined
  for (const { name, shape } of tensors) {
    const first = shape[0]
    if (typeof first !== 'string') return `${name} has no free first dimension`
    batch ??= first
    if (first !== batch) return `${name} calls its first dimension ${first}, others ${batch}`
    if (shape.indexOf(first, 1) !== -1) return `${name} has ${first} in a later dimension too`
    if (shape.indexOf(BATCH, 1) !== -1) return `${name} has its rows on axis ${shape.indexOf(BATCH, 1)}`
  }
  return undefined
}
