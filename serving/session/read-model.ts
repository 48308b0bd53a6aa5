import type { Graph, GraphAttribute, GraphFunction, GraphNode, GraphTensor } from './graph.ts'
import { ELEMENT_TYPES, type GraphDimension, type GraphFacts, type GraphValue } from './graph-facts.ts'
import { type Field, MessageFile } from './message-file.ts'
import { ModelError } from './model-error.ts'

// Bounds that no real model reaches: a hostile file must not exhaust the stack or the memory.
const DEEPEST_GRAPH = 64
const DEEPEST_TYPE = 16
const MOST_VALUES = 100_000
const MOST_NODES = 1_000_000

/** Shapes, axes and bounds have few elements; larger tensors and lists are weights and trees. */
const MOST_ELEMENTS = 64

/** Bytes of a number at most, as a varint. */
const LONGEST_ELEMENT = 10

/** Modes, directions and equations are short; longer texts are not read. */
const LONGEST_TEXT = 1024

/** Everything found so far; sets, since a large graph repeats the same few operators. */
interface Found {
  file: MessageFile
  operators: Set<string>
  externalData: Set<string>
  nodes: number
}

/** An ONNX file: what it says of itself, and its operators one by one. */
export interface ModelGraph {
  facts: GraphFacts
  graph: Graph
  functions: GraphFunction[]
}

interface ReadGraph {
  graph: Graph
  inputs: GraphValue[]
  outputs: GraphValue[]
}

type ValueType = Omit<GraphValue, 'name'>

/**
 * What the ONNX file at `path` says of itself (onnx.proto, IR versions 3 and newer), read without loading its weights.
 * Throws a `ModelError` with the code `model-unreadable` for a file that is missing, cut short, damaged or not ONNX.
 */
export async function readModel(path: string): Promise<GraphFacts> {
  return (await readModelGraph(path)).facts
}

/** `readModel` with the operators of the graph one by one; the values of weights are not read. */
export async function readModelGraph(path: string): Promise<ModelGraph> {
  let file: MessageFile | undefined
  try {
    file = new MessageFile(path)
    return modelGraph({ file, operators: new Set(), externalData: new Set(), nodes: 0 })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const damaged = error instanceof Error && 'code' in error ? reason : `not a whole ONNX file: ${reason}`
    throw new ModelError('model-unreadable', path, [
      { path: '', message: damaged, repair: 'export the model again and check that the copy is complete' },
    ])
  } finally {
    file?.close()
  }
}

function modelGraph(found: Found): ModelGraph {
  const { file } = found
  const facts = { irVersion: 0, producer: { name: '', version: '' }, opsets: {} as Record<string, number> }
  const functions: GraphFunction[] = []
  let read: ReadGraph | undefined
  for (const field of file.fields(0, file.size)) {
    if (field.number === 1) facts.irVersion = file.integer(field)
    else if (field.number === 2) facts.producer.name = file.string(field)
    else if (field.number === 3) facts.producer.version = file.string(field)
    else if (field.number === 7) read = readGraph(found, field, 0)
    else if (field.number === 8) readOpset(file, field, facts.opsets)
    else if (field.number === 25) functions.push(readFunction(found, field))
  }
  if (read === undefined) throw new RangeError('it holds no graph')
  const { graph, inputs, outputs } = read
  return {
    facts: {
      ...facts,
      inputs,
      outputs,
      operators: [...found.operators].sort(),
      externalData: [...found.externalData].sort(),
    },
    graph,
    functions,
  }
}

function readOpset(file: MessageFile, message: Field, opsets: Record<string, number>): void {
  let domain = ''
  let version = 0
  for (const field of file.embedded(message)) {
    if (field.number === 1) domain = file.string(field)
    else if (field.number === 2) version = file.integer(field)
  }
  opsets[domain || 'ai.onnx'] = version
}

function readGraph(found: Found, message: Field, depth: number): ReadGraph {
  if (depth > DEEPEST_GRAPH) throw new RangeError(`subgraphs nested deeper than ${DEEPEST_GRAPH}`)
  const { file } = found
  const nodes: GraphNode[] = []
  const inputs: GraphValue[] = []
  const outputs: GraphValue[] = []
  const initializers = new Map<string, GraphTensor>()
  for (const field of file.embedded(message)) {
    if (field.number === 1) nodes.push(readNode(found, field, depth))
    else if (field.number === 5) addTensor(initializers, readTensor(found, field))
    else if (field.number === 11) inputs.push(readValue(file, field))
    else if (field.number === 12) outputs.push(readValue(file, field))
    else if (field.number === 15) addTensor(initializers, readSparseTensor(found, field))
    if (inputs.length + outputs.length + initializers.size > MOST_VALUES) {
      throw new RangeError(`more than ${MOST_VALUES} inputs, outputs and initializers`)
    }
  }
  // Up to IR version 3 every initializer is listed as an input as well; callers need not give it.
  const given = inputs.filter(({ name }) => !initializers.has(name))
  const namesOf = (values: GraphValue[]) => values.map(({ name }) => name)
  return { graph: { inputs: namesOf(given), outputs: namesOf(outputs), nodes, initializers }, inputs: given, outputs }
}

function addTensor(tensors: Map<string, GraphTensor>, tensor: GraphTensor): void {
  tensors.set(tensor.name, tensor)
}

function readFunction(found: Found, message: Field): GraphFunction {
  const { file } = found
  const read: GraphFunction = { domain: '', name: '', inputs: [], outputs: [], nodes: [] }
  for (const field of file.embedded(message)) {
    if (field.number === 1) read.name = file.string(field)
    else if (field.number === 4) read.inputs.push(file.string(field))
    else if (field.number === 5) read.outputs.push(file.string(field))
    else if (field.number === 7) read.nodes.push(readNode(found, field, 0))
    else if (field.number === 10) read.domain = file.string(field)
  }
  return read
}

function readNode(found: Found, message: Field, depth: number): GraphNode {
  const { file } = found
  const node: GraphNode = { domain: '', operator: '', name: '', inputs: [], outputs: [], attributes: new Map() }
  const attributes: Field[] = []
  for (const field of file.embedded(message)) {
    if (field.number === 1) node.inputs.push(file.string(field))
    else if (field.number === 2) node.outputs.push(file.string(field))
    else if (field.number === 3) node.name = file.string(field)
    else if (field.number === 4) node.operator = file.string(field)
    else if (field.number === 5) attributes.push(field)
    else if (field.number === 7) node.domain = file.string(field)
  }
  if (node.domain === 'ai.onnx') node.domain = ''
  for (const field of attributes) readAttribute(found, field, node, depth)
  found.operators.add(`${node.domain || 'ai.onnx'}.${node.operator}`)
  found.nodes += 1
  if (found.nodes > MOST_NODES) throw new RangeError(`more than ${MOST_NODES} operators`)
  return node
}

/** Of `AttributeProto`: name, integer, text, tensors, graphs, sparse tensors, and the name of a referenced attribute. */
const ATTRIBUTE = new Set([1, 3, 4, 5, 6, 10, 11, 21, 22, 23])
/** The same with lists of integers and of texts. */
const ATTRIBUTE_WITH_LISTS = new Set([...ATTRIBUTE, 8, 9])

/** A tree has lists as long as it has nodes, and each element is a field: only short ones are read. */
function hasShortLists({ domain, operator }: GraphNode): boolean {
  return domain !== 'ai.onnx.ml' || operator === 'OneHotEncoder'
}

function readAttribute(found: Found, message: Field, node: GraphNode, depth: number): void {
  const { file } = found
  const attribute: GraphAttribute = {}
  let name = ''
  let count = 0
  const integers: number[] = []
  for (const field of file.embedded(message, hasShortLists(node) ? ATTRIBUTE_WITH_LISTS : ATTRIBUTE)) {
    if (field.number === 1) name = file.string(field)
    else if (field.number === 3) attribute.integer = file.integer(field)
    else if (field.number === 4) {
      if (field.end - field.start <= LONGEST_TEXT) attribute.text = file.string(field)
    } else if (field.number === 5 || field.number === 10) attribute.tensor = readTensor(found, field)
    else if (field.number === 6 || field.number === 11) attribute.graph = readGraph(found, field, depth + 1).graph
    else if (field.number === 8) {
      const elements = file.integers(field, MOST_ELEMENTS)
      count += elements?.length ?? Number.POSITIVE_INFINITY
      if (count <= MOST_ELEMENTS && elements !== undefined) integers.push(...elements)
    } else if (field.number === 9) count += 1
    else if (field.number === 21) attribute.reference = file.string(field)
    else readSparseTensor(found, field)
  }
  if (integers.length > 0 && integers.length === count) attribute.integers = integers
  if (count > 0 && Number.isFinite(count)) attribute.count = count
  node.attributes.set(name, attribute)
}

/** Notes where a tensor's external data lies, and reads what few numbers it holds. */
function readTensor(found: Found, message: Field): GraphTensor {
  const { file } = found
  let name = ''
  let type = 0
  let external = false
  const shape: number[] = []
  const data: Field[] = []
  for (const field of file.embedded(message)) {
    if (field.number === 1) shape.push(...(file.integers(field, MOST_ELEMENTS) ?? []))
    else if (field.number === 2) type = file.integer(field)
    else if (field.number === 8) name = file.string(field)
    else if (field.number === 13) {
      external = true
      const entry = { key: '', value: '' }
      for (const part of file.embedded(field)) {
        if (part.number === 1) entry.key = file.string(part)
        else if (part.number === 2) entry.value = file.string(part)
      }
      if (entry.key === 'location') found.externalData.add(entry.value)
    } else if (DATA_FIELDS.has(field.number) && data.length <= MOST_ELEMENTS) data.push(field)
  }
  const count = shape.reduce((product, size) => product * size, 1)
  const values = external || count > MOST_ELEMENTS ? undefined : readElements(file, type, data, count)
  return { name, shape, type: elementType(type), ...(values && { values }) }
}

/** Of `TensorProto`: float_data, int32_data, int64_data, raw_data, double_data. */
const DATA_FIELDS = new Set([4, 5, 7, 9, 10])

const FROM_BYTES: Record<string, { bytes: number; read: (view: DataView, offset: number) => number }> = {
  float32: { bytes: 4, read: (view, offset) => view.getFloat32(offset, true) },
  float64: { bytes: 8, read: (view, offset) => view.getFloat64(offset, true) },
  int64: { bytes: 8, read: (view, offset) => Number(view.getBigInt64(offset, true)) },
  int32: { bytes: 4, read: (view, offset) => view.getInt32(offset, true) },
  bool: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
}

/** The numbers of a small tensor; undefined when its type is none of those that shapes, axes and scales have. */
function readElements(file: MessageFile, type: number, data: Field[], count: number): number[] | undefined {
  const name = elementType(type)
  const format = FROM_BYTES[name]
  if (format === undefined || data.some(({ start, end }) => end - start > MOST_ELEMENTS * LONGEST_ELEMENT))
    return undefined
  const values: number[] = []
  for (const field of data) {
    if (field.number === 5 || field.number === 7) {
      values.push(...(file.integers(field, MOST_ELEMENTS) ?? []))
    } else {
      const bytes = file.bytes(field)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      for (let offset = 0; offset + format.bytes <= bytes.byteLength; offset += format.bytes) {
        values.push(format.read(view, offset))
      }
    }
  }
  return values.length === count ? values : undefined
}

/** Its indices and values are not read: only name and external data count. */
function readSparseTensor(found: Found, message: Field): GraphTensor {
  const tensor: GraphTensor = { name: '', shape: [], type: 'sparse' }
  for (const field of found.file.embedded(message)) {
    if (field.number === 1) {
      const { name, type } = readTensor(found, field)
      Object.assign(tensor, { name, type })
    } else if (field.number === 2) readTensor(found, field)
    else if (field.number === 3) tensor.shape.push(...(found.file.integers(field, MOST_ELEMENTS) ?? []))
  }
  return tensor
}

function readValue(file: MessageFile, message: Field): GraphValue {
  let name = ''
  let type: ValueType = { kind: 'undeclared', type: 'undeclared', shape: null }
  for (const field of file.embedded(message)) {
    if (field.number === 1) name = file.string(field)
    else if (field.number === 2) type = readType(file, field, 0)
  }
  return { name, ...type }
}

function readType(file: MessageFile, message: Field, depth: number): ValueType {
  if (depth > DEEPEST_TYPE) throw new RangeError(`types nested deeper than ${DEEPEST_TYPE}`)
  let type: ValueType = { kind: 'undeclared', type: 'undeclared', shape: null }
  for (const field of file.embedded(message)) {
    if (field.number === 1) type = readTensorType(file, field)
    else if (field.number === 4) type = readContainer(file, field, 'sequence', depth)
    else if (field.number === 5) type = readMap(file, field, depth)
    else if (field.number === 7) type = { kind: 'opaque', type: 'opaque', shape: null }
    else if (field.number === 8) type = { ...readTensorType(file, field), kind: 'sparse-tensor' }
    else if (field.number === 9) type = readContainer(file, field, 'optional', depth)
  }
  return type
}

function readContainer(file: MessageFile, message: Field, kind: 'sequence' | 'optional', depth: number): ValueType {
  let element = 'undeclared'
  for (const field of file.embedded(message)) if (field.number === 1) element = readType(file, field, depth + 1).type
  return { kind, type: `${kind}(${element})`, shape: null }
}

function readMap(file: MessageFile, message: Field, depth: number): ValueType {
  let key = 'undeclared'
  let element = 'undeclared'
  for (const field of file.embedded(message)) {
    if (field.number === 1) key = elementType(file.integer(field))
    else if (field.number === 2) element = readType(file, field, depth + 1).type
  }
  return { kind: 'map', type: `map(${key}, ${element})`, shape: null }
}

function readTensorType(file: MessageFile, message: Field): ValueType {
  let type = 'undefined'
  let shape: GraphDimension[] | null = null
  for (const field of file.embedded(message)) {
    if (field.number === 1) type = elementType(file.integer(field))
    else if (field.number === 2) {
      shape = []
      for (const dimension of file.embedded(field)) {
        if (dimension.number === 1) shape.push(readDimension(file, dimension))
        if (shape.length > MOST_VALUES) throw new RangeError(`more than ${MOST_VALUES} dimensions`)
      }
    }
  }
  return { kind: 'tensor', type, shape }
}

function readDimension(file: MessageFile, message: Field): GraphDimension {
  let dimension: GraphDimension = null
  for (const field of file.embedded(message)) {
    if (field.number === 1) dimension = file.integer(field)
    else if (field.number === 2) dimension = file.string(field) || null
  }
  // Some exporters write -1 for a free dimension.
  return typeof dimension === 'number' && dimension < 0 ? null : dimension
}

function elementType(number: number): string {
  return ELEMENT_TYPES[number] ?? `type ${number}`
}
