import { ELEMENT_TYPES, type GraphDimension, type GraphFacts, type GraphValue } from './graph-facts.ts'
import { type Field, MessageFile } from './message-file.ts'
import { ModelError } from './model-error.ts'

// Bounds that no real model reaches: a hostile file must not exhaust the stack or the memory.
const DEEPEST_GRAPH = 64
const DEEPEST_TYPE = 16
const MOST_VALUES = 100_000

/** Everything found so far; sets, since a large graph repeats the same few operators. */
interface Found {
  file: MessageFile
  operators: Set<string>
  externalData: Set<string>
}

type ValueType = Omit<GraphValue, 'name'>

/**
 * What the ONNX file at `path` says of itself (onnx.proto, IR versions 3 and newer), read without loading its weights.
 * Throws a `ModelError` with the code `model-unreadable` for a file that is missing, cut short, damaged or not ONNX.
 */
export async function readModel(path: string): Promise<GraphFacts> {
  let file: MessageFile | undefined
  try {
    file = new MessageFile(path)
    return modelFacts({ file, operators: new Set(), externalData: new Set() })
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

function modelFacts(found: Found): GraphFacts {
  const { file } = found
  const facts = { irVersion: 0, producer: { name: '', version: '' }, opsets: {} as Record<string, number> }
  let graph: { inputs: GraphValue[]; outputs: GraphValue[] } | undefined
  for (const field of file.fields(0, file.size)) {
    if (field.number === 1) facts.irVersion = file.integer(field)
    else if (field.number === 2) facts.producer.name = file.string(field)
    else if (field.number === 3) facts.producer.version = file.string(field)
    else if (field.number === 7) graph = readGraph(found, field, 0)
    else if (field.number === 8) readOpset(file, field, facts.opsets)
    else if (field.number === 25) readNodes(found, field, 7)
  }
  if (graph === undefined) throw new RangeError('it holds no graph')
  return {
    ...facts,
    ...graph,
    operators: [...found.operators].sort(),
    externalData: [...found.externalData].sort(),
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

function readGraph(found: Found, message: Field, depth: number): { inputs: GraphValue[]; outputs: GraphValue[] } {
  if (depth > DEEPEST_GRAPH) throw new RangeError(`subgraphs nested deeper than ${DEEPEST_GRAPH}`)
  const { file } = found
  const inputs: GraphValue[] = []
  const outputs: GraphValue[] = []
  const initialized = new Set<string>()
  for (const field of file.embedded(message)) {
    if (field.number === 1) readNode(found, field, depth)
    else if (field.number === 5) initialized.add(readTensor(found, field))
    else if (field.number === 11) inputs.push(readValue(file, field))
    else if (field.number === 12) outputs.push(readValue(file, field))
    else if (field.number === 15) initialized.add(readSparseTensor(found, field))
    if (inputs.length + outputs.length + initialized.size > MOST_VALUES) {
      throw new RangeError(`more than ${MOST_VALUES} inputs, outputs and initializers`)
    }
  }
  // Up to IR version 3 every initializer is listed as an input as well; callers need not give it.
  return { inputs: inputs.filter(({ name }) => !initialized.has(name)), outputs }
}

function readNodes(found: Found, message: Field, nodeField: number): void {
  for (const field of found.file.embedded(message)) if (field.number === nodeField) readNode(found, field, 0)
}

function readNode(found: Found, message: Field, depth: number): void {
  const { file } = found
  let operator = ''
  let domain = ''
  for (const field of file.embedded(message)) {
    if (field.number === 4) operator = file.string(field)
    else if (field.number === 7) domain = file.string(field)
    else if (field.number === 5) readAttribute(found, field, depth)
  }
  found.operators.add(`${domain || 'ai.onnx'}.${operator}`)
  if (found.operators.size > MOST_VALUES) throw new RangeError(`more than ${MOST_VALUES} different operators`)
}

/** Of `AttributeProto`: tensors, graphs and sparse tensors, one and several of each. */
const NESTED = new Set([5, 10, 6, 11, 22, 23])

function readAttribute(found: Found, message: Field, depth: number): void {
  for (const field of found.file.embedded(message, NESTED)) {
    if (field.number === 5 || field.number === 10) readTensor(found, field)
    else if (field.number === 6 || field.number === 11) readGraph(found, field, depth + 1)
    else if (field.number === 22 || field.number === 23) readSparseTensor(found, field)
  }
}

/** Notes where a tensor's external data lies, and gives its name. */
function readTensor(found: Found, message: Field): string {
  const { file } = found
  let name = ''
  for (const field of file.embedded(message)) {
    if (field.number === 8) name = file.string(field)
    else if (field.number === 13) {
      const entry = { key: '', value: '' }
      for (const part of file.embedded(field)) {
        if (part.number === 1) entry.key = file.string(part)
        else if (part.number === 2) entry.value = file.string(part)
      }
      if (entry.key === 'location') found.externalData.add(entry.value)
    }
  }
  return name
}

function readSparseTensor(found: Found, message: Field): string {
  let name = ''
  for (const field of found.file.embedded(message)) {
    if (field.number === 1) name = readTensor(found, field)
    else if (field.number === 2) readTensor(found, field)
  }
  return name
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
