import { createServer } from 'node:net'
import type { GoldenSample } from '../../serving/contract/index.ts'

/** A way to start a server. */
export interface Server {
  name: string
  command: string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
  port: number
  /** Answers 200 once the model does. */
  readyPath: string
}

/** One kind of request to one server. */
export interface Contestant {
  /** Stable: ratios and plots find it by this. */
  id: string
  title: string
  server: Server
  path: string
  headers: Record<string, string>
  body: Uint8Array
  connections: number[]
  /** Whether an answer is right for the sample that was sent. */
  isRight(answer: Uint8Array): boolean
}

export const JSON_HEADERS = { 'content-type': 'application/json' }
/** One client that waits for each answer, and as many as a busy pod has. */
export const CONNECTIONS = [1, 32]

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

export function first(samples: readonly GoldenSample[]): GoldenSample {
  const [sample] = samples
  if (sample === undefined) throw new Error('there is no golden sample without missing values')
  return sample
}

/** Scikit-learn's own tolerance against float32 trees; an object of probabilities or a lone one is compared by its largest. */
export function agrees({ outputs }: GoldenSample, got: unknown): boolean {
  const expected = Math.max(...(Object.values(outputs).at(-1) as number[]))
  const value = typeof got === 'object' && got !== null ? Math.max(...(Object.values(got) as number[])) : Number(got)
  return Math.abs(value - expected) <= 1e-6 + 1e-4 * Math.abs(expected)
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

export function parse(answer: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(answer).toString())
}
