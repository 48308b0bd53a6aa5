import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** One file by content, as the server's configuration names it. */
export function reference(path: string) {
  const content = readFileSync(path)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { address: pathToFileURL(path).href, sha256, size: content.length }
}

export interface ScratchServer {
  address: string
  process: ChildProcess
  /** Milliseconds from the start of the process to readiness. */
  readyMs: number
  /** Ends the process and removes its directory; the exit code. */
  stop(): Promise<number | null>
}

/** The built server of this repository. */
const MAIN = fileURLToPath(new URL('../serving/lib/main.js', import.meta.url))

/** Runs the server in a process of its own over a boot configuration; resolves once it is ready. */
export async function startScratchServer(models: object[], port: number, main = MAIN): Promise<ScratchServer> {
  const directory = mkdtempSync(join(tmpdir(), 'modelyard-bench-'))
  const drain = { delaySeconds: 0, timeoutSeconds: 10 }
  const server = { port, threads: 1, bodyLimit: 1024 * 1024, drain }
  const boot = join(directory, 'boot.json')
  writeFileSync(boot, JSON.stringify({ apiVersion: 'modelyard.dev/v1', server, models }))
  const started = performance.now()
  const child = spawn(process.execPath, [main, '--boot', boot, '--cache', join(directory, 'cache')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const address = `http://127.0.0.1:${port}`
  while (
    !(await fetch(`${address}/startupz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const readyMs = performance.now() - started
  return {
    address,
    process: child,
    readyMs,
    async stop() {
      child.kill('SIGTERM')
      const code = await ended
      rmSync(directory, { recursive: true, force: true })
      return code
    },
  }
}
