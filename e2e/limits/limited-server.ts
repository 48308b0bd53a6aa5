import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMemoryCgroup, type MemoryCgroup } from './memory-cgroup.ts'

/** The built server with a real memory limit. */
export interface LimitedServer {
  port: number
  grpcPort: number
  process: ChildProcess
  cgroup: MemoryCgroup
  /** Undefined while it runs. */
  ended(): string | undefined
  stop(): Promise<void>
}

/** Starts serving/lib/main.js in a cgroup of so many bytes; a string says why there can be none. */
export async function startLimitedServer(
  models: object[],
  bytes: number,
  settings: object = {},
): Promise<LimitedServer | string> {
  const cgroup = createMemoryCgroup(bytes)
  if (typeof cgroup === 'string') return cgroup
  const directory = mkdtempSync(join(tmpdir(), 'modelyard-limits-'))
  const boot = join(directory, 'boot.json')
  const drain = { delaySeconds: 0, timeoutSeconds: 2 }
  const server = { port: 0, grpcPort: 0, threads: 1, bodyLimit: 16 * 2 ** 20, drain, ...settings }
  writeFileSync(boot, JSON.stringify({ apiVersion: 'modelyard.dev/v1', server, models }))
  const main = fileURLToPath(new URL('../../serving/lib/main.js', import.meta.url))
  const script = 'echo $$ >"$1" && shift && exec "$@"'
  const command = [process.execPath, main, '--boot', boot, '--cache', join(directory, 'cache'), '--host', '127.0.0.1']
  const child = spawn('bash', ['-c', script, 'bash', cgroup.processes, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output.length < 100_000) output += text
  })
  let ended: string | undefined
  child.on('exit', (code, signal) => {
    ended = signal ?? `exit ${code}`
  })
  const found = () => ({
    port: /listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1],
    grpcPort: /"port":(\d+),"msg":"gRPC listening"/.exec(output)?.[1],
  })
  for (;;) {
    const { port, grpcPort } = found()
    const ready = port && grpcPort ? await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined) : undefined
    if (ready?.ok) {
      return {
        port: Number(port),
        grpcPort: Number(grpcPort),
        process: child,
        cgroup,
        ended: () => ended,
        async stop() {
          if (ended === undefined) {
            child.kill('SIGKILL')
            await once(child, 'close')
          }
          rmSync(directory, { recursive: true, force: true })
          await removeSoon(cgroup)
        },
      }
    }
    if (ended !== undefined) throw new Error(`the server ended (${ended}): ${output.slice(-2000)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The kernel lets go of the last process a moment after it has ended. */
async function removeSoon(cgroup: MemoryCgroup): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      cgroup.remove()
      return
    } catch (error) {
      if (attempt === 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
