import { type BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { PROTOCOL_DATATYPES } from '../../contract/index.ts'
import type { Tensors } from '../../session/index.ts'
import { tensorToBytes } from '../../session/index.ts'
import type { TakeMemory } from './growing.ts'
import { hasTypedContents, readTensorContents, type TensorContents, writeTensorContents } from './tensor-contents.ts'
import { eachField, eachLengthDelimited, readRepeated } from './wire.ts'

/** `ModelInferRequest.InferInputTensor` */
export interface InferInput {
  name: string
  datatype: string
  shape: number[]
  contents: TensorContents | undefined
}

/** `ModelInferRequest` of `inference.GRPCInferenceService`. */
export interface InferRequest {
  modelName: string
  /** Empty: the split decides. */
  modelVersion: string
  id: string
  /** `parameters.binary_data_output`: raw answers or typed ones; undefined where the caller does not say. */
  rawOutputs: boolean | undefined
  inputs: InferInput[]
  /** Names of the requested outputs; empty for all. */
  outputs: string[]
  /** Names of all parameters but `binary_data_output`, with the place of each: `inputs[0].parameters`. */
  parameters: { path: string; name: string }[]
  rawInputContents: Uint8Array[]
}

/** Inputs, outputs, raw contents, parameters and contents that a request may have together, and dimensions that a shape may. */
const MAX_PARTS = 4096

/**
 * Reads a `ModelInferRequest` message; `take` is asked for memory before elements are read. Throws an Error for what cannot be
 * decoded or has parts beyond reason, and whatever `take` throws.
 */
export function readInferRequest(message: Uint8Array, take: TakeMemory): InferRequest {
  let parts = 0
  const countPart = () => {
    parts += 1
    if (parts > MAX_PARTS) throw new Error(`more than ${MAX_PARTS} parts`)
  }
  const request: InferRequest = {
    modelName: '',
    modelVersion: '',
    id: '',
    rawOutputs: undefined,
    inputs: [],
    outputs: [],
    parameters: [],
    rawInputContents: [],
  }
  eachLengthDelimited(message, (number, reader) => {
    if (number >= 4) countPart()
    if (number === 1) request.modelName = reader.string(true)
    else if (number === 2) request.modelVersion = reader.string(true)
    else if (number === 3) request.id = reader.string(true)
    else if (number === 4) readRawOutputs(reader.bytes(), request)
    else if (number === 5) {
      const path = `inputs[${request.inputs.length}].parameters`
      const named = (name: string) => request.parameters.push({ path, name })
      request.inputs.push(readInput(reader.bytes(), take, countPart, named))
    } else if (number === 6) {
      const path = `outputs[${request.outputs.length}].parameters`
      request.outputs.push(readOutput(reader.bytes(), countPart, (name) => request.parameters.push({ path, name })))
    } else if (number === 7) request.rawInputContents.push(reader.bytes())
    else return false
    return true
  })
  return request
}

/**
 * A `ModelInferResponse` message. Raw contents exclude typed ones, so one output that typed contents cannot hold (FP16) makes
 * the whole answer raw.
 */
export function writeInferResponse(
  { model, version, id }: { model: string; version: string; id: string },
  outputs: Tensors,
  wantsRaw: boolean,
): Uint8Array {
  const tensors = Object.entries(outputs)
  const raw = wantsRaw || tensors.some(([, { datatype }]) => !hasTypedContents(datatype))
  const writer = new BinaryWriter()
  writer.tag(1, WireType.LengthDelimited).string(model)
  writer.tag(2, WireType.LengthDelimited).string(version)
  if (id !== '') writer.tag(3, WireType.LengthDelimited).string(id)
  for (const [name, tensor] of tensors) {
    writer.tag(5, WireType.LengthDelimited).fork()
    writeTensorHead(writer, name, PROTOCOL_DATATYPES[tensor.datatype], tensor.shape)
    if (!raw) writer.tag(5, WireType.LengthDelimited).bytes(writeTensorContents(tensor))
    writer.join()
  }
  if (raw) for (const [, tensor] of tensors) writer.tag(6, WireType.LengthDelimited).bytes(tensorToBytes(tensor))
  return writer.finish()
}

/** Name, datatype and shape: fields 1 to 3 of every message that describes a tensor. */
export function writeTensorHead(writer: BinaryWriter, name: string, datatype: string, shape: readonly number[]): void {
  writer.tag(1, WireType.LengthDelimited).string(name)
  writer.tag(2, WireType.LengthDelimited).string(datatype)
  writer.tag(3, WireType.LengthDelimited).fork()
  for (const size of shape) writer.int64(size)
  writer.join()
}

function readInput(
  message: Uint8Array,
  take: TakeMemory,
  countPart: () => void,
  named: (parameter: string) => void,
): InferInput {
  const input: InferInput = { name: '', datatype: '', shape: [], contents: undefined }
  eachField(message, (number, wireType, reader) => {
    if (number === 3) {
      readRepeated(wireType, reader, input.shape, MAX_PARTS, (from) => Number(from.int64()))
      return true
    }
    if (wireType !== WireType.LengthDelimited) return false
    if (number === 1) input.name = reader.string(true)
    else if (number === 2) input.datatype = reader.string(true)
    else if (number === 4) {
      countPart()
      named(readName(reader.bytes()))
    } else if (number === 5) {
      countPart()
      input.contents = readTensorContents(reader.bytes(), take)
    } else return false
    return true
  })
  return input
}

/** The name of an `InferRequestedOutputTensor`. */
function readOutput(message: Uint8Array, countPart: () => void, named: (parameter: string) => void): string {
  let name = ''
  eachLengthDelimited(message, (number, reader: BinaryReader) => {
    if (number === 1) name = reader.string(true)
    else if (number === 2) {
      countPart()
      named(readName(reader.bytes()))
    } else return false
    return true
  })
  return name
}

/** Field 1: the name of a tensor, or the key of a map's entry. */
function readName(message: Uint8Array): string {
  let name = ''
  eachLengthDelimited(message, (number, reader: BinaryReader) => {
    if (number !== 1) return false
    name = reader.string(true)
    return true
  })
  return name
}

/** One entry of the map `parameters`; of all parameters only `binary_data_output` means something here. */
function readRawOutputs(entry: Uint8Array, request: InferRequest): void {
  let key = ''
  let value: boolean | undefined
  eachLengthDelimited(entry, (number, reader) => {
    if (number === 1) key = reader.string(true)
    else if (number === 2) {
      eachField(reader.bytes(), (field, wireType, inner) => {
        if (field !== 1 || wireType !== WireType.Varint) return false
        value = inner.bool()
        return true
      })
    } else return false
    return true
  })
  if (key === 'binary_data_output') request.rawOutputs = value
  else request.parameters.push({ path: 'parameters', name: key })
}
