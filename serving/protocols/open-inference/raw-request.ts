import type { InputTensor } from '../../contract/index.ts'
import type { LoadedVersion } from '../../models/index.ts'
import { bytesOfElement, checkFeeds, elementCount, tensorFromBytes } from '../../session/index.ts'
import { type HttpProblem, wrongFields } from '../http-problem.ts'
import type { PreparedRequest } from '../serve-request.ts'

const BAD_REQUEST = 400

/**
 * Triton's raw binary request: no JSON, the whole body is the data of the only input. A free dimension is what the length says;
 * of several the first is 1. A string is the whole body, without its length. Throws a 400 where that leaves a doubt.
 */
export function prepareRaw(version: LoadedVersion, bytes: Uint8Array): PreparedRequest {
  const { interface: modelInterface } = version.served
  const [input, ...others] = modelInterface.inputs
  if (input === undefined || others.length > 0) {
    throw wrong(`is raw bytes for one input, but this model has ${modelInterface.inputs.length}`)
  }
  const shape = deducedShape(input, bytes.byteLength)
  const data = input.datatype === 'string' ? withLength(bytes) : bytes
  const parsed = tensorFromBytes(input, shape, data, input.name)
  if (!parsed.ok) throw wrongFields(BAD_REQUEST, parsed.problems)
  const feeds = { [input.name]: parsed.tensor }
  const problems = checkFeeds(modelInterface, feeds)
  if (problems.length > 0) throw wrongFields(BAD_REQUEST, problems)
  return { feeds }
}

function deducedShape({ datatype, shape }: InputTensor, length: number): number[] {
  const declared = `[${shape.join(', ')}]`
  const free = shape.filter((size) => typeof size === 'string').length
  const sizes = shape.map((size, axis) => (typeof size === 'number' ? size : axis === 0 && free > 1 ? 1 : undefined))
  if (datatype === 'string') {
    const ones = sizes.map((size) => size ?? 1)
    if (elementCount(ones) === 1) return ones
    throw wrong(`is one string, but the input is ${declared}`)
  }
  const open = sizes.indexOf(undefined)
  if (open !== sizes.lastIndexOf(undefined)) throw wrong(`does not say the shape: the input is ${declared}`)
  const step = bytesOfElement(datatype) * elementCount(sizes.map((size) => size ?? 1))
  if (open === -1 ? length === step : length % step === 0) return sizes.map((size) => size ?? length / step)
  const wanted = open === -1 ? `${step}` : `a multiple of ${step}`
  throw wrong(`has ${length} bytes, but ${datatype} ${declared} needs ${wanted}`)
}

/** As an element of BYTES stands in a tensor. */
function withLength(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.byteLength)
  return Buffer.concat([length, bytes])
}

function wrong(message: string): HttpProblem {
  return wrongFields(BAD_REQUEST, [{ path: '', message }])
}
