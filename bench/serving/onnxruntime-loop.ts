import { createRequire } from 'node:module'

/**
 * ONNX Runtime alone, called again and again: what no server can be faster than. Prints `{microseconds}` of CPU a call as JSON.
 * Arguments: the ONNX file, rows of its input `features` as JSON, seconds.
 */
const [file = '', rowsText = '[]', seconds] = process.argv.slice(2)
const rows: number[][] = JSON.parse(rowsText)
const runtime: typeof import('onnxruntime-node') = createRequire(import.meta.resolve('modelyard-serving/package.json'))(
  'onnxruntime-node',
)
const session = await runtime.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 })
const features = new runtime.Tensor('float32', Float32Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0])

async function run(milliseconds: number): Promise<number> {
  const end = performance.now() + milliseconds
  let calls = 0
  const before = process.cpuUsage()
  for (; performance.now() < end; calls++) await session.run({ features })
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

await run(500)
console.log(JSON.stringify({ microseconds: await run(Number(seconds) * 1000) }))
