import { PROTOCOL_DATATYPES } from '../../contract/index.ts'
import type { LoadedVersion } from '../../models/index.ts'
import {
  checkFeeds,
  isObject,
  type Problem,
  type Tensors,
  tensorFromBytes,
  tensorFromJson,
} from '../../session/index.ts'
import { EMPTY_BODY, HttpProblem, wrongFields } from '../http-problem.ts'
import type { PreparedRequest } from '../serve-request.ts'
import { extensionProblem } from '../triton-extensions.ts'
import type { InferenceBody } from './inference-body.ts'
import { prepareRaw } from './raw-request.ts'

const BAD_REQUEST = 400

/** The fields of `$inference_request` that are independent of the version. */
export interface InferenceRequest {
  id: string | undefined
  inputs: unknown[]
  /** Raw bytes by the position of their input; undefined for an input whose data is in the JSON. */
  raw: (Uint8Array | undefined)[]
  /** The whole body, where it is the data of the only input. */
  whole?: Uint8Array
  /** Names of the requested outputs, in the caller's order; undefined for all. */
  outputNames: string[] | undefined
  /** Parameter `timeout` (Triton's schedule policy extension), which is in microseconds. */
  timeoutMs?: number
  /** Whether an output is answered as raw bytes. */
  isBinary(output: string): boolean
}

/** Reads `$inference_request` (Open Inference Protocol V2, REST); throws a 400 that lists what is wrong. */
export function readInferenceRequest({ json, binary }: InferenceBody): InferenceRequest {
  if (json === undefined && binary.byteLength > 0) {
    return { id: undefined, inputs: [], raw: [], whole: binary, outputNames: undefined, isBinary: () => true }
  }
  if (json === undefined) throw new HttpProblem(BAD_REQUEST, EMPTY_BODY)
  if (!isObject(json)) throw wrong('', 'must be a JSON object')
  const { id, inputs, outputs, parameters = {} } = json
  if (id !== undefined && typeof id !== 'string') throw wrong('id', 'must be a string')
  if (!isObject(parameters)) throw wrong('parameters', 'must be an object')
  if (!Array.isArray(inputs)) throw wrong('inputs', 'must be a list of tensors')
  refuseExtensions(parameters, 'parameters')
  const { timeout } = parameters
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0)) {
    throw wrong('parameters.timeout', 'must be a number of microseconds')
  }
  // Zero means no time-out, as in Triton.
  const timeoutMs = timeout ? { timeoutMs: timeout / 1000 } : {}
  const byDefault = flag(parameters, 'binary_data_output', 'parameters') ?? false
  const requested = readOutputs(outputs)
  return {
    id,
    inputs,
    raw: assignBytes(inputs, binary),
    outputNames: requested && [...requested.keys()],
    isBinary: (output) => requested?.get(output) ?? byDefault,
    ...timeoutMs,
  }
}

function refuseExtensions(parameters: Record<string, unknown>, path: string): void {
  for (const name of Object.keys(parameters)) {
    const problem = extensionProblem(name)
    if (problem !== undefined) throw wrong(`${path}.${name}`, problem)
  }
}

/** The request as tensors of one version; throws a 400 that lists every wrong input and output. */
export function prepareTensors(version: LoadedVersion, request: InferenceRequest): PreparedRequest {
  if (request.whole !== undefined) return prepareRaw(version, request.whole)
  const { interface: modelInterface } = version.served
  const problems: Problem[] = []
  const feeds: Tensors = {}
  for (const [index, given] of request.inputs.entries()) {
    const path = `inputs[${index}]`
    if (!isObject(given) || typeof given.name !== 'string') {
      problems.push({ path, message: 'must be an object with a name, a shape, a datatype and data' })
      continue
    }
    const { name, datatype, shape, data } = given
    const raw = request.raw[index]
    const input = modelInterface.inputs.find((declared) => declared.name === name)
    if (input === undefined) {
      const known = modelInterface.inputs.map((declared) => declared.name).join(', ')
      problems.push({ path: `${path}.name`, message: `${quote(name)} is not an input of this model; it has ${known}` })
    } else if (Object.hasOwn(feeds, name)) {
      problems.push({ path: `${path}.name`, message: `${quote(name)} is given twice` })
    } else if (datatype !== PROTOCOL_DATATYPES[input.datatype]) {
      const message = `must be ${PROTOCOL_DATATYPES[input.datatype]}, not ${quote(datatype)}`
      problems.push({ path: `${path}.datatype`, message })
    } else {
      const parsed = raw ? tensorFromBytes(input, shape, raw, path) : tensorFromJson(input, shape, data, path)
      if (parsed.ok) feeds[name] = parsed.tensor
      else problems.push(...parsed.problems)
    }
  }
  if (problems.length === 0) problems.push(...checkFeeds(modelInterface, feeds))
  const outputs = new Set(modelInterface.outputs.map(({ name }) => name))
  for (const [index, name] of request.outputNames?.entries() ?? []) {
    if (outputs.has(name)) continue
    const message = `${quote(name)} is not an output of this model; it has ${[...outputs].join(', ')}`
    problems.push({ path: `outputs[${index}].name`, message })
  }
  if (problems.length > 0) throw wrongFields(BAD_REQUEST, problems)
  const { outputNames, timeoutMs } = request
  return {
    feeds,
    ...(outputNames === undefined ? {} : { outputNames }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
}

/** Each requested output with its parameter `binary_data`, in the caller's order. */
function readOutputs(outputs: unknown): Map<string, boolean | undefined> | undefined {
  // An empty list means all outputs, as in Triton and KServe, whose clients send one when nothing was asked for.
  if (outputs === undefined || (Array.isArray(outputs) && outputs.length === 0)) return undefined
  if (!Array.isArray(outputs)) throw wrong('outputs', 'must be a list')
  const names = new Map<string, boolean | undefined>()
  for (const [index, output] of outputs.entries()) {
    const path = `outputs[${index}]`
    if (!isObject(output) || typeof output.name !== 'string') throw wrong(path, 'must be an object with a name')
    if (names.has(output.name)) throw wrong(`${path}.name`, `${quote(output.name)} is asked for twice`)
    const { parameters = {} } = output
    if (!isObject(parameters)) throw wrong(`${path}.parameters`, 'must be an object')
    refuseExtensions(parameters, `${path}.parameters`)
    names.set(output.name, flag(parameters, 'binary_data', `${path}.parameters`))
  }
  return names
}

/** Cuts what follows the JSON into the inputs that announce a `binary_data_size`, in their order. */
function assignBytes(inputs: readonly unknown[], binary: Uint8Array): (Uint8Array | undefined)[] {
  let offset = 0
  const raw = inputs.map((input, index) => {
    const parameters = isObject(input) ? (input.parameters ?? {}) : {}
    const path = `inputs[${index}]`
    if (!isObject(parameters)) throw wrong(`${path}.parameters`, 'must be an object')
    refuseExtensions(parameters, `${path}.parameters`)
    const size = parameters.binary_data_size
    if (size === undefined) return undefined
    const sizePath = `${path}.parameters.binary_data_size`
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw wrong(sizePath, 'must be a whole number of bytes')
    }
    if (isObject(input) && input.data !== undefined) throw wrong(sizePath, 'excludes data: send one of them')
    const left = binary.byteLength - offset
    if (size > left) throw wrong(sizePath, `is ${size}, but ${left} bytes are left in the body`)
    offset += size
    return binary.subarray(offset - size, offset)
  })
  const left = binary.byteLength - offset
  if (left > 0) throw wrong('', `has ${left} bytes after the JSON that no input's binary_data_size announces`)
  return raw
}

function flag(parameters: Record<string, unknown>, name: string, path: string): boolean | undefined {
  const value = parameters[name]
  if (value !== undefined && typeof value !== 'boolean') throw wrong(`${path}.${name}`, 'must be true or false')
  return value
}

function wrong(path: string, message: string) {
  return wrongFields(BAD_REQUEST, [{ path, message }])
}

/** As it was sent, but never a page of it. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 100 ? `${text.slice(0, 100)}...` : text
}
