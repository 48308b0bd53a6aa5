import { type Datatype, JSON_LENGTH_HEADER, type ModelInterface, PROTOCOL_DATATYPES } from '../../contract/index.ts'
import {
  compareInterface,
  decodeElement,
  type GraphValue,
  isObject,
  type Tensor,
  type Tensors,
  tensorFromBytes,
  tensorFromJson,
  tensorToBytes,
} from '../../session/index.ts'
import type { RemoteAnswer } from './remote-client.ts'

export interface RemoteInference {
  outputNames: readonly string[]
  timeoutMs: number
  /** Tensors as raw bytes (binary tensor data extension), in the request and in the answer. */
  binary: boolean
}

/** `$inference_request` (Open Inference Protocol V2, REST) and the headers that it needs. */
export function writeInferenceRequest(feeds: Tensors, { outputNames, timeoutMs, binary }: RemoteInference) {
  const raw: Uint8Array[] = []
  const inputs = Object.entries(feeds).map(([name, tensor]) => {
    const head = { name, datatype: PROTOCOL_DATATYPES[tensor.datatype], shape: tensor.shape }
    if (!binary) return { ...head, data: elementsOf(tensor) }
    const bytes = tensorToBytes(tensor)
    raw.push(bytes)
    return { ...head, parameters: { binary_data_size: bytes.byteLength } }
  })
  const parameters = { timeout: Math.ceil(timeoutMs * 1000), ...(binary && { binary_data_output: true }) }
  const json = Buffer.from(JSON.stringify({ parameters, inputs, outputs: outputNames.map((name) => ({ name })) }))
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (binary) {
    headers['content-type'] = 'application/octet-stream'
    headers[JSON_LENGTH_HEADER] = String(json.byteLength)
  }
  return { headers, body: Buffer.concat([json, ...raw]) }
}

function elementsOf({ datatype, data }: Tensor): unknown[] {
  return Array.from({ length: data.length }, (_, index) => decodeElement(datatype, data, index))
}

/**
 * The outputs of a `$inference_response`, in the order in which they were asked for; a message when it is not one that the
 * interface promises. `version` is the one it must be of, when that is known.
 */
export function readInferenceAnswer(
  { headers, body }: Pick<RemoteAnswer, 'headers' | 'body'>,
  modelInterface: ModelInterface,
  outputNames: readonly string[],
  version: string | undefined,
): Tensors | string {
  const announced = headers[JSON_LENGTH_HEADER]
  const length = announced === undefined ? body.byteLength : Number(announced)
  const json = parsed(body.toString('utf8', 0, length))
  if (!isObject(json) || !Array.isArray(json.outputs)) return 'not an answer of the Open Inference Protocol'
  if (version !== undefined && json.model_version !== undefined && json.model_version !== version) {
    return `an answer of version ${JSON.stringify(json.model_version)}`
  }
  const found: Tensors = {}
  let offset = length
  for (const given of json.outputs) {
    const tensor = isObject(given) ? readOutput(given, modelInterface, body.subarray(offset)) : 'an output is no object'
    if (typeof tensor === 'string') return tensor
    offset += tensor.bytes
    found[tensor.name] = tensor.tensor
  }
  const outputs: Tensors = {}
  for (const name of outputNames) {
    const tensor = found[name]
    if (tensor === undefined) return `the output ${name} is missing`
    outputs[name] = tensor
  }
  return outputs
}

function readOutput(
  given: Record<string, unknown>,
  { outputs }: ModelInterface,
  binary: Uint8Array,
): { name: string; tensor: Tensor; bytes: number } | string {
  const declared = outputs.find(({ name }) => name === given.name)
  if (declared === undefined) return `has the output ${JSON.stringify(given.name)}, which nobody asked for`
  const { name, datatype, shape } = declared
  if (given.datatype !== PROTOCOL_DATATYPES[datatype]) return `${name} is ${JSON.stringify(given.datatype)}`
  const size = isObject(given.parameters) ? given.parameters.binary_data_size : undefined
  if (size !== undefined && !(Number.isSafeInteger(size) && (size as number) >= 0)) return `${name} has no size`
  const bytes = (size as number | undefined) ?? 0
  // One column that may be missing: JSON has no NaN, an answer says null for it.
  const columns = [{ name, kind: 'number' as const, missing: true }]
  const read =
    size === undefined
      ? tensorFromJson({ name, datatype, shape, columns }, given.shape, given.data, name)
      : tensorFromBytes({ name, datatype, shape }, given.shape, binary.subarray(0, bytes), name)
  if (!read.ok) return read.problems.map(({ path, message }) => `${path} ${message}`).join('; ')
  const { tensor } = read
  const fits = tensor.shape.length === shape.length && shape.every((wanted, axis) => isFree(wanted, tensor.shape[axis]))
  return fits ? { name, tensor, bytes } : `${name} has the shape [${tensor.shape.join(', ')}]`
}

function isFree(wanted: number | string, size: number | undefined): boolean {
  return typeof wanted === 'string' || wanted === size
}

/** What `$metadata_model_response` says that the interface does not, one sentence each; empty when both are the same. */
export function compareMetadata(modelInterface: ModelInterface, { body }: Pick<RemoteAnswer, 'body'>): string[] {
  const metadata = parsed(body.toString('utf8'))
  const inputs = isObject(metadata) ? readTensors(metadata.inputs) : undefined
  const outputs = isObject(metadata) ? readTensors(metadata.outputs) : undefined
  if (inputs === undefined || outputs === undefined) return ['its metadata does not tell its inputs and outputs']
  return compareInterface(modelInterface, { inputs, outputs }).map(({ path, message }) => `${path}: ${message}`)
}

const DATATYPE_OF = new Map(Object.entries(PROTOCOL_DATATYPES).map(([ours, protocol]) => [protocol, ours as Datatype]))

/** `$metadata_tensor`s; -1 is a free dimension. */
function readTensors(list: unknown): GraphValue[] | undefined {
  if (!Array.isArray(list)) return undefined
  const values: GraphValue[] = []
  for (const tensor of list) {
    if (!isObject(tensor) || typeof tensor.name !== 'string' || !Array.isArray(tensor.shape)) return undefined
    const shape = tensor.shape.map((size) => (typeof size === 'number' && size >= 0 ? size : null))
    const type = DATATYPE_OF.get(String(tensor.datatype)) ?? String(tensor.datatype)
    values.push({ name: tensor.name, kind: 'tensor', type, shape })
  }
  return values
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
