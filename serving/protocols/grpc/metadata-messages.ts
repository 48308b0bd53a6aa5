import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { type InputTensor, type OutputTensor, PROTOCOL_DATATYPES } from '../../contract/index.ts'
import { writeTensorHead } from './infer-messages.ts'
import { eachLengthDelimited } from './wire.ts'

/** Reads two strings, fields 1 and 2: `ModelReadyRequest`, `ModelMetadataRequest`, and `HealthCheckRequest` with one. */
export function readNames(message: Uint8Array): { name: string; version: string } {
  const names = { name: '', version: '' }
  eachLengthDelimited(message, (number, reader) => {
    if (number === 1) names.name = reader.string(true)
    else if (number === 2) names.version = reader.string(true)
    else return false
    return true
  })
  return names
}

/** A message whose field 1 is a number or a truth value: `ServerLiveResponse`, `ModelReadyResponse`, `HealthCheckResponse`, ... */
export function writeFlag(value: number | boolean): Uint8Array {
  return new BinaryWriter().tag(1, WireType.Varint).uint32(Number(value)).finish()
}

/** `ServerMetadataResponse` */
export function writeServerMetadata(name: string, version: string): Uint8Array {
  const writer = new BinaryWriter()
  writer.tag(1, WireType.LengthDelimited).string(name)
  return writer.tag(2, WireType.LengthDelimited).string(version).finish()
}

/** `ModelMetadataResponse`; free dimensions are -1. */
export function writeModelMetadata(metadata: {
  name: string
  versions: readonly string[]
  platform: string
  inputs: readonly InputTensor[]
  outputs: readonly OutputTensor[]
}): Uint8Array {
  const writer = new BinaryWriter()
  writer.tag(1, WireType.LengthDelimited).string(metadata.name)
  for (const version of metadata.versions) writer.tag(2, WireType.LengthDelimited).string(version)
  writer.tag(3, WireType.LengthDelimited).string(metadata.platform)
  const describe = (field: number, { name, datatype, shape }: InputTensor | OutputTensor) => {
    const sizes = shape.map((size) => (typeof size === 'number' ? size : -1))
    writer.tag(field, WireType.LengthDelimited).fork()
    writeTensorHead(writer, name, PROTOCOL_DATATYPES[datatype], sizes)
    writer.join()
  }
  for (const input of metadata.inputs) describe(4, input)
  for (const output of metadata.outputs) describe(5, output)
  return writer.finish()
}
