import { decodeElement, type Tensor, type Tensors } from '../../session/index.ts'
import { PROTOCOL_DATATYPES } from './datatypes.ts'

/**
 * `$inference_response` (Open Inference Protocol V2, REST) as JSON text. Written by hand: `JSON.stringify` takes neither typed
 * arrays nor BigInt, and an int64 keeps all its digits this way. JSON has no NaN or infinity: both become null.
 */
export function writeInferenceResponse(
  model: string,
  version: string,
  id: string | undefined,
  outputs: Tensors,
): string {
  const tensors = Object.entries(outputs).map(([name, tensor]) => {
    const datatype = PROTOCOL_DATATYPES[tensor.datatype]
    const head = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${tensor.shape.join(',')}]`
    return `${head},"data":${writeData(tensor)}}`
  })
  const head = `{"model_name":${JSON.stringify(model)},"model_version":${JSON.stringify(version)}`
  return `${head}${id === undefined ? '' : `,"id":${JSON.stringify(id)}`},"outputs":[${tensors.join(',')}]}`
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
  return JSON.stringify(Array.from({ length: data.length }, (_, index) => decodeElement(datatype, data, index)))
}
