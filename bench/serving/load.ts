import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const SCRIPT = fileURLToPath(new URL('load.lua', import.meta.url))

/** Why there is no load; undefined when there can be. */
export const loadless: string | undefined =
  spawnSync('wrk', ['--version']).error === undefined ? undefined : 'needs wrk, get it by: apt-get install wrk'

/** One POST request. */
export interface LoadRequest {
  url: string
  headers: Record<string, string>
  body: Uint8Array
}

/** What wrk saw. Latencies are from the first byte sent to the last received. */
export interface LoadResult {
  requests: number
  /** Of these, the ones without an answer or with another than a success. */
  failed: number
  seconds: number
  p50Ms: number
  p99Ms: number
}

/** Sends a request again and again from so many connections, each waiting for its answer (a closed loop). */
export async function load(
  { url, headers, body }: LoadRequest,
  { connections, seconds, scratch }: { connections: number; seconds: number; scratch: string },
): Promise<LoadResult> {
  const file = join(scratch, 'body')
  writeFileSync(file, body)
  const flags = [
    '--threads',
    '1',
    '--connections',
    String(connections),
    '--duration',
    `${seconds}s`,
    '--timeout',
    '30s',
  ]
  const given = [file, ...Object.entries(headers).flat()]
  const { stdout } = await promisify(execFile)('wrk', [...flags, '--script', SCRIPT, url, '--', ...given])
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}
