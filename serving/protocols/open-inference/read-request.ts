import type { LoadedVersion } from '../../models/index.ts'
import { checkFeeds, type Problem, type Tensors, tensorFromJson } from '../../session/index.ts'
import { wrongFields } from '../http-problem.ts'
import type { PreparedRequest } from '../serve-request.ts'
import { PROTOCOL_DATATYPES } from './datatypes.ts'

const BAD_REQUEST = 400

/** The fields of `$inference_request` that are independent of the version. */
export interface InferenceRequest {
  id: string | undefined
  inputs: unknown[]
  /** Names of the requested outputs, in the caller's order; undefined for all. */
  outputNames: string[] | undefined
  /** Parameter `timeout` (Triton's schedule policy extension), which is in microseconds. */
  timeoutMs?: number
}

/** Reads `$inference_request` (Open Inference Protocol V2, REST); throws a 400 that lists what is wrong. */
export function readInferenceRequest(body: unknown): InferenceRequest {
  if (!isObject(body)) throw wrong('', 'must be a JSON object')
  const { id, inputs, outputs, parameters } = body
  if (id !== undefined && typeof id !== 'string') throw wrong('id', 'must be a string')
  if (parameters !== undefined && !isObject(parameters)) throw wrong('parameters', 'must be an object')
  if (!Array.isArray(inputs)) throw wrong('inputs', 'must be a list of tensors')
  const timeout = parameters?.timeout
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0)) {
    throw wrong('parameters.timeout', 'must be a number of microseconds')
  }
  // Zero means no time-out, as in Triton.
  const timeoutMs = timeout ? { timeoutMs: timeout / 1000 } : {}
  return { id, inputs, outputNames: readOutputs(outputs), ...timeoutMs }
}

/** The request as tensors of one version; throws a 400 that lists every wrong input and output. */
export function prepareTensors(version: LoadedVersion, request: InferenceRequest): PreparedRequest {
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
      const parsed = tensorFromJson(input, shape, data, path)
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

function readOutputs(outputs: unknown): string[] | undefined {
  // An empty list means all outputs, as in Triton and KServe, whose clients send one when nothing was asked for.
  if (outputs === undefined || (Array.isArray(outputs) && outputs.length === 0)) return undefined
  if (!Array.isArray(outputs)) throw wrong('outputs', 'must be a list')
  const names = new Set<string>()
  for (const [index, output] of outputs.entries()) {
    if (!isObject(output) || typeof output.name !== 'string') {
      throw wrong(`outputs[${index}]`, 'must be an object with a name')
    }
    if (names.has(output.name)) throw wrong(`outputs[${index}].name`, `${quote(output.name)} is asked for twice`)
    names.add(output.name)
  }
  return [...names]
}

function wrong(path: string, message: string) {
  return wrongFields(BAD_REQUEST, [{ path, message }])
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As it was sent, but never a page of it. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 100 ? `${text.slice(0, 100)}...` : text
}
