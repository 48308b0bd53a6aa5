import type { Dimension, ModelInterface } from '../contract/index.ts'

/**
 * Why requests to a model may not share a call; undefined when they may. Rows can be put together and taken apart again only
 * when one free dimension, the same everywhere, is the first of every input and output and occurs nowhere else (a matrix
 * `[batch, batch]` compares the rows of a batch with each other).
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
  }
  return undefined
}
