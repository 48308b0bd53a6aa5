import { spawn } from 'node:child_process'
import { execArgv, execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { GoldenSample, ModelInterface } from 'modelyard-serving/contract'
import { limitMemory, limitsOf } from 'modelyard-serving/session'
import { parseMemory, type VersionFile } from '../definitions/index.ts'
import type { HostPods } from '../repository/index.ts'
import type { LocalBundle } from './bundle-files.ts'
import { bundleBytes } from './local-artifacts.ts'

/** What one request asks: a record of named features, or raw tensors. */
export type Sample = Pick<GoldenSample, 'features' | 'tensors'>

/** Bytes of resident memory. */
export interface MemoryUse {
  /** Of a process with the runtime and no model. */
  process: number
  /** What the model adds to it. */
  model: number
}

/**
 * What the pods that load a candidate need, in bytes: the runtime, the candidate and, where they share the pods, the stable
 * version. Undefined where the stable version was not measured and counts.
 */
export function memoryNeed(
  { champion, candidate }: { champion?: MemoryUse; candidate: MemoryUse },
  { memory, isShared }: HostPods,
): { bytes: number; fits: boolean } | undefined {
  if (isShared && !champion) return undefined
  const bytes = candidate.process + candidate.model + (isShared ? (champion?.model ?? 0) : 0)
  return { bytes, fits: bytes <= parseMemory(memory) }
}

export interface ProbeRequest {
  file: string
  modelInterface: ModelInterface
  samples: Sample[]
}

/** Compiled code runs from `.js`, the sources of this repository from `.ts`. */
const PROBE = fileURLToPath(
  new URL(`./memory-probe${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
const ROWS = 64
/** What the probe takes before it has a model. */
const PROCESS_BYTES = 512 * 2 ** 20

/** What a version takes in a process of its own, which nothing else has touched; undefined when it cannot be run here. */
export async function measureMemory(
  version: VersionFile,
  { model: file }: LocalBundle,
  rows: readonly Sample[],
): Promise<MemoryUse | undefined> {
  if (file === undefined) return undefined
  const samples = rows
    .slice(0, ROWS)
    .map(({ features, tensors }) => ({ ...(features && { features }), ...(tensors && { tensors }) }))
  const request: ProbeRequest = { file, modelInterface: version.interface, samples }
  return new Promise((resolve) => {
    const { memoryBytes, totalMs } = limitsOf(bundleBytes(version))
    const probe = spawn(execPath, [...execArgv, PROBE], { stdio: ['pipe', 'pipe', 'ignore'], timeout: totalMs })
    const limit = limitMemory(probe.pid ?? 0, memoryBytes + PROCESS_BYTES, () => probe.kill('SIGKILL'))
    let answer = ''
    probe.stdout.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
    probe.on('error', () => resolve(undefined))
    probe.on('close', (code) => {
      void limit.then(({ stop }) => stop())
      resolve(code === 0 ? (JSON.parse(answer) as MemoryUse) : undefined)
    })
    // A probe that ends early closes its end; that it failed is what its exit code says.
    probe.stdin.on('error', () => undefined)
    void limit.then(() => probe.stdin.end(JSON.stringify(request)))
  })
}
