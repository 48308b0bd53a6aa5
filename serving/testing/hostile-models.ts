import { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { ModelInterface } from '../contract/index.ts'

/** Small ONNX files (onnx.proto, written by hand) that take what a machine has. Each takes one float32 and answers one. */

type Write = (writer: BinaryWriter) => void

const FLOAT = 1
const INT64 = 7
const BOOL = 9

/** The interface that every hostile model keeps. */
export const HOSTILE_INTERFACE: ModelInterface = {
  inputs: [{ name: 'x', datatype: 'float32', shape: [1] }],
  outputs: [{ name: 'y', datatype: 'float32', shape: [1] }],
}

function embedded(writer: BinaryWriter, field: number, write: Write): void {
  writer.tag(field, 2).fork()
  write(writer)
  writer.join()
}

const text = (writer: BinaryWriter, field: number, value: string) => writer.tag(field, 2).string(value)
const integer = (writer: BinaryWriter, field: number, value: number | bigint) => writer.tag(field, 0).int64(value)

/** `ValueInfoProto` */
function value(writer: BinaryWriter, field: number, name: string, type: number, shape: number[]): void {
  embedded(writer, field, (info) => {
    text(info, 1, name)
    embedded(info, 2, (typed) =>
      embedded(typed, 1, (tensor) => {
        integer(tensor, 1, type)
        embedded(tensor, 2, (dimensions) => {
          for (const size of shape) embedded(dimensions, 1, (dimension) => integer(dimension, 1, size))
        })
      }),
    )
  })
}

/** `TensorProto` of int64 or bool values. */
function constant(writer: BinaryWriter, field: number, name: string, type: number, values: bigint[], shape: number[]) {
  embedded(writer, field, (tensor) => {
    for (const size of shape) integer(tensor, 1, size)
    integer(tensor, 2, type)
    for (const one of values) integer(tensor, type === INT64 ? 7 : 5, one)
    text(tensor, 8, name)
  })
}

interface Node {
  operator: string
  inputs: string[]
  outputs: string[]
  attributes?: Write
}

/** `NodeProto` */
function node(writer: BinaryWriter, { operator, inputs, outputs, attributes }: Node): void {
  embedded(writer, 1, (one) => {
    for (const name of inputs) text(one, 1, name)
    for (const name of outputs) text(one, 2, name)
    text(one, 4, operator)
    attributes?.(one)
  })
}

/** `AttributeProto` of an integer list or of a graph. */
function attribute(writer: BinaryWriter, name: string, given: { ints: number[] } | { graph: Write }): void {
  embedded(writer, 5, (one) => {
    text(one, 1, name)
    if ('ints' in given) {
      for (const int of given.ints) integer(one, 8, int)
      integer(one, 20, 7)
    } else {
      embedded(one, 6, given.graph)
      integer(one, 20, 5)
    }
  })
}

function model(graph: Write): Uint8Array {
  const writer = new BinaryWriter()
  integer(writer, 1, 8)
  embedded(writer, 7, (body) => {
    text(body, 2, 'hostile')
    value(body, 11, 'x', FLOAT, [1])
    value(body, 12, 'y', FLOAT, [1])
    graph(body)
  })
  embedded(writer, 8, (opset) => {
    text(opset, 1, '')
    integer(opset, 2, 13)
  })
  return writer.finish()
}

/** Answers `x`, after it has written so many bytes of copies of it: `Expand` to a vector, `Add`, `ReduceMax`. */
export function allocatingModel(bytes: number): Uint8Array {
  return model((graph) => {
    constant(graph, 5, 'size', INT64, [BigInt(bytes / 4)], [1])
    node(graph, { operator: 'Expand', inputs: ['x', 'size'], outputs: ['many'] })
    const attributes: Write = (writer) => attribute(writer, 'axes', { ints: [0] })
    node(graph, { operator: 'ReduceMax', inputs: ['many'], outputs: ['y'], attributes })
  })
}

/** Answers `x` after 2^62 rounds of a `Loop`. */
export function endlessModel(): Uint8Array {
  return model((graph) => {
    constant(graph, 5, 'rounds', INT64, [2n ** 62n], [])
    constant(graph, 5, 'true', BOOL, [1n], [])
    const body: Write = (inner) => {
      text(inner, 2, 'body')
      value(inner, 11, 'round', INT64, [])
      value(inner, 11, 'go', BOOL, [])
      value(inner, 11, 'state', FLOAT, [1])
      node(inner, { operator: 'Identity', inputs: ['go'], outputs: ['go_on'] })
      node(inner, { operator: 'Abs', inputs: ['state'], outputs: ['next'] })
      value(inner, 12, 'go_on', BOOL, [])
      value(inner, 12, 'next', FLOAT, [1])
    }
    const attributes: Write = (writer) => attribute(writer, 'body', { graph: body })
    node(graph, { operator: 'Loop', inputs: ['rounds', 'true', 'x'], outputs: ['y'], attributes })
  })
}
