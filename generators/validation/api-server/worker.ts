import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { brotliDecompressSync } from 'node:zlib'
import { runProgram } from './wasi.ts'

/** What a worker is started with: a request a line, the minor to emulate, and the program. */
export interface Work {
  program: string
  minor: string
  requests: string
}

const { program, minor, requests } = workerData as Work
let input: Uint8Array | undefined = Buffer.from(requests)
const output: Uint8Array[] = []
const said: Uint8Array[] = []
try {
  runProgram(brotliDecompressSync(readFileSync(program)), {
    args: ['api-server', minor],
    read() {
      const all = input
      input = undefined
      return all
    },
    write: (stream, bytes) => (stream === 'stdout' ? output : said).push(bytes),
  })
} catch (error) {
  throw new Error(Buffer.concat(said).toString().trim().split('\n')[0] || (error as Error).message)
}
parentPort?.postMessage(Buffer.concat(output).toString())
