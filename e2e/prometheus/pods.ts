import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { prepareLocalPod } from '../../generators/registry/index.ts'
import type { PlannedModel, Repository } from '../../generators/repository/index.ts'
import type { RoutingConfiguration } from '../../serving/contract/index.ts'
import { POD_HASH } from './queries.ts'

export interface Pod {
  model: PlannedModel
  /** As a ReplicaSet names it. */
  name: string
  port: number
}

export interface Process {
  child: ChildProcess
  output: string
}

const processes: Process[] = []
// However this program ends, what it started ends with it.
process.on('exit', () => {
  for (const { child } of processes) if (child.exitCode === null) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

export function start(command: string, args: string[]): Process {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const started = { child, output: '' }
  processes.push(started)
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      started.output += text
    })
  }
  return started
}

/** Ends what was started, gently, then for good. */
export async function stopAll(): Promise<void> {
  await Promise.all(
    processes.map(async ({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(timer)
    }),
  )
}

export async function until(condition: () => Promise<boolean>, what: () => string, seconds = 150): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; ) {
    if (await condition().catch(() => false)) return
    await new Promise((again) => setTimeout(again, 200))
  }
  throw new Error(`not within ${seconds} s: ${what()}`)
}

/**
 * A pod of a model: the real server from source, configured by the ConfigMaps of dist/.
 * @param away the candidate of this pod is said to be at this address
 */
export async function startPod(
  repository: Repository,
  model: PlannedModel,
  number: number,
  away?: string,
): Promise<Pod> {
  const name = `${model.name}-${POD_HASH}-x${number}`
  const directory = join(repository.root, 'pods', name)
  const { bootPath, routingPath, cacheDirectory } = await prepareLocalPod(repository, model, directory)
  if (away !== undefined) {
    const routing = JSON.parse(readFileSync(routingPath, 'utf8')) as RoutingConfiguration
    const [routed] = routing.models
    if (!routed?.candidate) throw new Error(`${model.name} has no candidate`)
    routed.versions = []
    routed.candidate = { ...routed.candidate, address: away }
    writeFileSync(routingPath, JSON.stringify(routing))
  }
  const port = await freePort()
  const flags = ['--boot', bootPath, '--routing', routingPath, '--cache', cacheDirectory]
  const server = start(process.execPath, [
    ...['-C', 'modelyard-source', '--import', 'tsx', 'serving/main.ts', ...flags],
    ...['--host', '127.0.0.1', '--port', String(port)],
  ])
  await until(
    async () => {
      if (server.child.exitCode !== null) throw new Error(server.output)
      return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok
    },
    () => `${name} is ready\n${server.output}`,
  )
  return { model, name, port }
}

/** The way to a server of this machine, which can be cut. */
export async function wayTo(port: number): Promise<{ port: number; cut(): void }> {
  const open = new Set<Socket>()
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(socket)
      socket.pipe(other)
      socket.on('error', () => other.destroy()).on('close', () => open.delete(socket))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    cut() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

/** How the id of a request begins whose event nobody takes. */
export const REFUSED_ID = 'refuse-'

/** Takes batches of the prediction log, and refuses for good what has such an event. */
export function receiveLog(): Server {
  return createHttpServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text: string) => {
      body += text
    })
    request.on('end', () => response.writeHead(body.includes(REFUSED_ID) ? 400 : 200).end())
  })
}
