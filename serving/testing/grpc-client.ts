import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { type CallOptions, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'

/** The service of the Open Inference Protocol V2. */
export const INFERENCE = '/inference.GRPCInferenceService'

const clients = new Set<Client>()

/** Closes the clients that a test has opened; for `test.after.each`. */
export function closeGrpcClients(): void {
  for (const client of clients) client.close()
  clients.clear()
}

/** A message as lists of values by field number. */
export type Fields = Record<number, (Uint8Array | number)[]>

export interface GrpcAnswer {
  fields: Fields
  /** What came before the message: the version that spoke, the request's id. */
  metadata: Metadata
}

/** Messages are bytes here: what grpc-js takes as a serializer. */
export const asBytes = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** A client of grpc-js, which a test drives with bytes, so that it can send what no generated client would. */
export function grpcClient(address: string | undefined) {
  const client = new Client(String(address), credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 })
  clients.add(client)
  const call = (
    path: string,
    body: Uint8Array = new Uint8Array(0),
    metadata = new Metadata(),
    options: CallOptions = {},
  ) => start(path, body, metadata, options).answer

  /** A call that can be cancelled. */
  function start(path: string, body: Uint8Array, metadata = new Metadata(), options: CallOptions = {}) {
    let answerMetadata = new Metadata()
    let cancel = () => {}
    const answer = new Promise<GrpcAnswer>((resolve, reject) => {
      const unary = client.makeUnaryRequest(path, asBytes, asBytes, body, metadata, options, (error, answered) =>
        error ? reject(error) : resolve({ fields: fieldsOf(answered as Uint8Array), metadata: answerMetadata }),
      )
      unary.on('metadata', (got) => {
        answerMetadata = got
      })
      cancel = () => unary.cancel()
    })
    return { answer, cancel: () => cancel() }
  }

  return { client, call, start }
}

export function fieldsOf(body: Uint8Array): Fields {
  const fields: Fields = {}
  const reader = new BinaryReader(body)
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    fields[number] ??= []
    fields[number].push(wireType === WireType.LengthDelimited ? reader.bytes() : Number(reader.uint64()))
  }
  return fields
}

export const bytesAt = (fields: Fields, number: number, index = 0) => fields[number]?.[index] as Uint8Array
export const textAt = (fields: Fields, number: number, index = 0) =>
  Buffer.from(bytesAt(fields, number, index)).toString()

export function message(build: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter()
  build(writer)
  return writer.finish()
}

/** `ModelInferRequest.InferInputTensor` */
export interface GrpcInput {
  /** Key of a parameter of the input, without a value. */
  parameter?: string
  name: string
  datatype: string
  shape: number[]
  contents?: Uint8Array
}

/** A `ModelInferRequest`. */
export function inferRequest(
  model: string,
  inputs: readonly GrpcInput[],
  more: { version?: string; id?: string; outputs?: string[]; outputParameter?: string; raw?: Uint8Array[] } = {},
): Uint8Array {
  return message((writer) => {
    const text = (field: number, value: string) => writer.tag(field, WireType.LengthDelimited).string(value)
    text(1, model)
    text(2, more.version ?? '')
    text(3, more.id ?? '')
    const parameter = (field: number, key: string) => {
      writer.tag(field, WireType.LengthDelimited).fork()
      text(1, key)
      writer.join()
    }
    for (const { name, datatype, shape, contents, parameter: key } of inputs) {
      writer.tag(5, WireType.LengthDelimited).fork()
      text(1, name)
      text(2, datatype)
      for (const size of shape) writer.tag(3, WireType.Varint).int64(size)
      if (key !== undefined) parameter(4, key)
      if (contents !== undefined) writer.tag(5, WireType.LengthDelimited).bytes(contents)
      writer.join()
    }
    for (const name of more.outputs ?? []) {
      writer.tag(6, WireType.LengthDelimited).fork()
      text(1, name)
      if (more.outputParameter !== undefined) parameter(2, more.outputParameter)
      writer.join()
    }
    for (const bytes of more.raw ?? []) writer.tag(7, WireType.LengthDelimited).bytes(bytes)
  })
}

/** `ModelReadyRequest` and its like: a name and a version. */
export function names(name: string, version = ''): Uint8Array {
  return message((writer) => {
    writer.tag(1, WireType.LengthDelimited).string(name)
    writer.tag(2, WireType.LengthDelimited).string(version)
  })
}

/** The error of a call that must not be answered. */
export async function refused(answer: Promise<unknown>): Promise<ServiceError> {
  return answer.then(
    () => {
      throw new Error('the call was answered')
    },
    (error: ServiceError) => error,
  )
}
