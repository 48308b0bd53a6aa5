import type { ModelInterface } from '../contract/index.ts'
import { type OnnxGraph, type OnnxTensor, onnxModel } from './onnx-model.ts'

/** Small ONNX files that take what a machine has. Each takes one float32 and answers one. */

/** The interface that every hostile model keeps. */
export const HOSTILE_INTERFACE: ModelInterface = {
  inputs: [{ name: 'x', datatype: 'float32', shape: [1] }],
  outputs: [{ name: 'y', datatype: 'float32', shape: [1] }],
}

const OPSET = 13

function model(parts: Pick<OnnxGraph, 'initializers' | 'nodes'>): Uint8Array {
  const value = (name: string) => ({ name, type: 'float32' as const, shape: [1] })
  return onnxModel({ inputs: [value('x')], outputs: [value('y')], ...parts }, OPSET)
}

/** Answers `x`, after it has written so many bytes of copies of it: `Expand` to a vector, `Add`, `ReduceMax`. */
export function allocatingModel(bytes: number): Uint8Array {
  const size: OnnxTensor = { type: 'int64', shape: [1], values: [BigInt(bytes / 4)] }
  return model({
    initializers: { size },
    nodes: [
      { operator: 'Expand', inputs: ['x', 'size'], outputs: ['many'] },
      { operator: 'ReduceMax', inputs: ['many'], outputs: ['y'], attributes: { axes: [0] } },
    ],
  })
}

/** Answers `x` after 2^62 rounds of a `Loop`. */
export function endlessModel(): Uint8Array {
  const body: OnnxGraph = {
    inputs: [
      { name: 'round', type: 'int64', shape: [] },
      { name: 'go', type: 'bool', shape: [] },
      { name: 'state', type: 'float32', shape: [1] },
    ],
    outputs: [
      { name: 'go_on', type: 'bool', shape: [] },
      { name: 'next', type: 'float32', shape: [1] },
    ],
    nodes: [
      { operator: 'Identity', inputs: ['go'], outputs: ['go_on'] },
      { operator: 'Abs', inputs: ['state'], outputs: ['next'] },
    ],
  }
  return model({
    initializers: {
      rounds: { type: 'int64', shape: [], values: [2n ** 62n] },
      true: { type: 'bool', shape: [], values: [1n] },
    },
    nodes: [{ operator: 'Loop', inputs: ['rounds', 'true', 'x'], outputs: ['y'], attributes: { body } }],
  })
}
