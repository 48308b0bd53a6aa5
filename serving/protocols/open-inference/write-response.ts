import { PROTOCOL_DATATYPES } from '../../contract/index.ts'
import { answeredElement, type Tensor, type Tensors, tensorToBytes } from '../../session/index.ts'
import type { InferenceRequest } from './read-request.ts'

/** An answer's body; `jsonLength` is the length of its JSON part, bytes, where raw tensors follow it. */
export interface InferenceResponse {
  body: string | Buffer
  jsonLength?: number
}

/**
 * `$inference_response` (Open Inference Protocol V2, REST). JSON written by hand: `JSON.stringify` takes neither typed arrays
 * nor BigInt, and an int64 keeps all its digits this way. JSON has neither NaN, which becomes null, nor infinities, which become
 * the texts that `numberFromText` reads: null would make them missing. Outputs for which `isBinary` holds follow the JSON as raw
 * bytes, in the order of the list (binary tensor data extension).
 */
export function writeInferenceResponse(
  model: string,
  version: string,
  { id, isBinary }: Pick<InferenceRequest, 'id' | 'isBinary'>,
  outputs: Tensors,
): InferenceResponse {
  const raw: Uint8Array[] = []
  const tensors = Object.entries(outputs).map(([name, tensor]) => {
    const datatype = PROTOCOL_DATATYPES[tensor.datatype]
    const head = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${tensor.shape.join(',')}]`
    if (!isBinary(name)) return `${head},"data":${writeData(tensor)}}`
    const bytes = tensorToBytes(tensor)
    raw.push(bytes)
    return `${head},"parameters":{"binary_data_size":${bytes.byteLength}}}`
  })
  const head = `{"model_name":${JSON.stringify(model)},"model_version":${JSON.stringify(version)}`
  const json = `${head}${id === undefined ? '' : `,"id":${JSON.stringify(id)}`},"outputs":[${tensors.join(',')}]}`
  if (raw.length === 0) return { body: json }
  const jsonBytes = Buffer.from(json)
  return { body: Buffer.concat([jsonBytes, ...raw]), jsonLength: jsonBytes.byteLength }
}

function writeData({ datatype, data }: Tensor): string {
  if (Array.isArray(data)) return JSON.stringify(data)
  if (datatype === 'bool' || datatype === 'float16') return writeOneByOne({ datatype, data })
  if (datatype === 'float32' || datatype === 'float64') {
    for (const value of data as Float32Array) if (!Number.isFinite(value)) return writeOneByOne({ datatype, data })
  }
  return `[${data.join(',')}]`
}

function writeOneByOne({ datatype, data }: Omit<Tensor, 'shape'>): string {
  return JSON.stringify(Array.from({ length: data.length }, (_, index) => answeredElement(datatype, data, index)))
}
