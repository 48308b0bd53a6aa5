import { BinaryWriter } from '@bufbuild/protobuf/wire'

/** ONNX files (onnx.proto) from a description, for tests that generate graphs. */

const TYPES = { float32: 1, uint8: 2, int8: 3, int64: 7, string: 8, bool: 9 } as const
/** `AttributeProto.AttributeType` */
const ATTRIBUTE = { float: 1, integer: 2, text: 3, tensor: 4, graph: 5, floats: 6, integers: 7, texts: 8 } as const

export interface OnnxValue {
  name: string
  type: keyof typeof TYPES
  shape: (number | string)[]
}

export interface OnnxTensor {
  type: 'float32' | 'uint8' | 'int8' | 'int64' | 'bool'
  shape: number[]
  values: (number | bigint)[]
}

export interface OnnxNode {
  operator: string
  domain?: string
  inputs: string[]
  outputs: string[]
  attributes?: Record<string, OnnxAttribute>
}

/** Plain numbers are whole ones. */
export type OnnxAttribute =
  | number
  | number[]
  | string
  | string[]
  | { float: number }
  | { floats: number[] }
  | OnnxTensor
  | OnnxGraph

export interface OnnxGraph {
  inputs: OnnxValue[]
  outputs: OnnxValue[]
  initializers?: Record<string, OnnxTensor>
  nodes: OnnxNode[]
}

/** The file of a graph, of operator set 17 (3 of ai.onnx.ml, 1 of com.microsoft) unless told otherwise. */
export function onnxModel(graph: OnnxGraph, opset = 17): Uint8Array {
  const writer = new BinaryWriter()
  integer(writer, 1, 8)
  embedded(writer, 7, (body) => writeGraph(body, graph))
  for (const [domain, version] of [['', opset] as const, ['ai.onnx.ml', 3] as const, ['com.microsoft', 1] as const]) {
    embedded(writer, 8, (entry) => {
      text(entry, 1, domain)
      integer(entry, 2, version)
    })
  }
  return writer.finish()
}

function embedded(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): void {
  writer.tag(field, 2).fork()
  write(writer)
  writer.join()
}

const text = (writer: BinaryWriter, field: number, value: string) => writer.tag(field, 2).string(value)
const integer = (writer: BinaryWriter, field: number, value: number | bigint) => writer.tag(field, 0).int64(value)

function writeGraph(writer: BinaryWriter, { inputs, outputs, initializers = {}, nodes }: OnnxGraph): void {
  text(writer, 2, 'generated')
  for (const node of nodes) embedded(writer, 1, (one) => writeNode(one, node))
  for (const [name, tensor] of Object.entries(initializers)) {
    embedded(writer, 5, (one) => writeTensor(one, tensor, name))
  }
  for (const value of inputs) embedded(writer, 11, (one) => writeValue(one, value))
  for (const value of outputs) embedded(writer, 12, (one) => writeValue(one, value))
}

function writeNode(writer: BinaryWriter, { operator, domain, inputs, outputs, attributes = {} }: OnnxNode): void {
  for (const name of inputs) text(writer, 1, name)
  for (const name of outputs) text(writer, 2, name)
  text(writer, 4, operator)
  if (domain !== undefined) text(writer, 7, domain)
  for (const [name, value] of Object.entries(attributes)) {
    embedded(writer, 5, (one) => {
      text(one, 1, name)
      writeAttribute(one, value)
    })
  }
}

function writeAttribute(writer: BinaryWriter, value: OnnxAttribute): void {
  if (typeof value === 'number') {
    integer(writer, 3, value)
    integer(writer, 20, ATTRIBUTE.integer)
  } else if (typeof value === 'string') {
    text(writer, 4, value)
    integer(writer, 20, ATTRIBUTE.text)
  } else if (Array.isArray(value)) {
    const texts = value.some((one) => typeof one === 'string')
    for (const one of value) {
      if (typeof one === 'string') text(writer, 9, one)
      else integer(writer, 8, one)
    }
    integer(writer, 20, texts ? ATTRIBUTE.texts : ATTRIBUTE.integers)
  } else if ('float' in value) {
    writer.tag(2, 5).float(value.float)
    integer(writer, 20, ATTRIBUTE.float)
  } else if ('floats' in value) {
    for (const one of value.floats) writer.tag(7, 5).float(one)
    integer(writer, 20, ATTRIBUTE.floats)
  } else if ('nodes' in value) {
    embedded(writer, 6, (graph) => writeGraph(graph, value))
    integer(writer, 20, ATTRIBUTE.graph)
  } else {
    embedded(writer, 5, (tensor) => writeTensor(tensor, value, ''))
    integer(writer, 20, ATTRIBUTE.tensor)
  }
}

function writeTensor(writer: BinaryWriter, { type, shape, values }: OnnxTensor, name: string): void {
  for (const size of shape) integer(writer, 1, size)
  integer(writer, 2, TYPES[type])
  for (const value of values) {
    if (type === 'float32') writer.tag(4, 5).float(Number(value))
    else integer(writer, type === 'int64' ? 7 : 5, value)
  }
  text(writer, 8, name)
}

function writeValue(writer: BinaryWriter, { name, type, shape }: OnnxValue): void {
  text(writer, 1, name)
  embedded(writer, 2, (typed) =>
    embedded(typed, 1, (tensor) => {
      integer(tensor, 1, TYPES[type])
      embedded(tensor, 2, (dimensions) => {
        for (const size of shape) {
          embedded(dimensions, 1, (one) => (typeof size === 'number' ? integer(one, 1, size) : text(one, 2, size)))
        }
      })
    }),
  )
}
