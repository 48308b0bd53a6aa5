/**
 * Plain onnxruntime-node, nothing of ours: what it does with a model is what the server is measured by. A line of JSON in,
 * `{path, feeds, outputs}`, is answered by a line out, `{outputs}` or `{error}`; a tensor is `{type, dims, data}` with its bytes in base64, or
 * its strings. Some models end the process: then there is no answer.
 */
import { createInterface } from 'node:readline'
import { InferenceSession, Tensor } from 'onnxruntime-node'

const ARRAYS = {
  ...{ float32: Float32Array, float64: Float64Array, float16: Uint16Array, bool: Uint8Array },
  ...{ int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array },
  ...{ uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array },
}

function read({ type, dims, data }) {
  if (type === 'string') return new Tensor('string', data, dims)
  const ArrayOfType = ARRAYS[type]
  if (ArrayOfType === undefined) throw new Error(`the binding has no tensors of ${type}`)
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'))
  const values = new ArrayOfType(bytes.buffer)
  const tensor = new Tensor(type, values, dims)
  // Node 24's Float16Array is one that the binding cannot read (microsoft/onnxruntime#32323).
  if (type === 'float16') Object.defineProperty(tensor, 'data', { value: values })
  return tensor
}

function write({ type, dims, data }) {
  if (type === 'string') return { type, dims, data }
  return { type, dims, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') }
}

async function answer({ path, feeds, outputs }) {
  let session
  try {
    session = await InferenceSession.create(path, { logSeverityLevel: 4, intraOpNumThreads: 1 })
    const tensors = Object.entries(feeds).map(([name, given]) => [name, read(given)])
    const results = await session.run(Object.fromEntries(tensors), outputs)
    return { outputs: Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, write(tensor)])) }
  } catch (error) {
    return { error: error.message }
  } finally {
    await session?.release()
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`)
}
