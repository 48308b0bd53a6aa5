import { type ChildProcess, spawn } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BootConfiguration, RoutedModel } from '../contract/index.ts'
import { routingConfiguration, scratch } from './server.ts'

const children = new Set<ChildProcess>()

// Also when a test file ends in the middle.
process.once('exit', endProcesses)

/** Ends the processes that a test has started; for `test.after.each`. */
export function endProcesses(): void {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
}

export interface RunningProcess {
  child: ChildProcess
  output: { stdout: string; stderr: string }
  /** The exit code, once it has ended. */
  ended: Promise<number | null>
}

/** The executable in a process of its own. */
export function runMain(args: string[]): RunningProcess {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const child = spawn(process.execPath, ['-C', 'modelyard-source', '--import', 'tsx', main, ...args])
  children.add(child)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  return { child, output, ended }
}

export interface ServerProcess extends RunningProcess {
  /** `http://127.0.0.1:41234` */
  address: string
  /** `127.0.0.1:41235` */
  grpcAddress: string
  /** Puts another text in the place of the routing configuration. */
  route(text: string): void
}

/** A server in a process of its own, on free ports for HTTP and gRPC, once it has tried all its models. */
export async function serverProcess(boot: BootConfiguration, routed: RoutedModel[] = []): Promise<ServerProcess> {
  const directory = scratch()
  const at = (file: string) => join(directory, file)
  writeFileSync(at('boot.json'), JSON.stringify(boot))
  writeFileSync(at('routing.json'), JSON.stringify(routingConfiguration(routed)))
  const started = runMain([
    ...['--boot', at('boot.json'), '--routing', at('routing.json'), '--cache', at('cache')],
    ...['--host', '127.0.0.1', '--port', '0', '--grpc-port', '0'],
  ])
  const route = (text: string) => {
    writeFileSync(at('routing.tmp'), text)
    renameSync(at('routing.tmp'), at('routing.json'))
  }
  for (;;) {
    if (started.child.exitCode !== null) throw new Error(`it ended: ${started.output.stderr}`)
    const address = /listening at (http:\S+?)"/.exec(started.output.stdout)?.[1]
    const grpcPort = /"port":(\d+),"msg":"gRPC listening"/.exec(started.output.stdout)?.[1]
    if (address !== undefined && grpcPort !== undefined) {
      const { ok } = await fetch(`${address}/startupz`)
      if (ok) return { ...started, address, grpcAddress: `127.0.0.1:${grpcPort}`, route }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
