import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Answer, Status } from './answer.ts'

/** Which API server: what kubectl takes for granted where nothing is said (KUBECONFIG, ~/.kube/config, the pod's own account). */
export interface ServerOptions {
  kubeconfig?: string
  context?: string
}

export interface Server {
  /** Its address. */
  url: string
  /** Namespace of objects that name none. */
  namespace: string
  /** @throws Unreachable when there is no answer of an API server */
  ask(method: 'GET' | 'PATCH' | 'POST', path: string, body?: object): Promise<Answer & { body: unknown }>
  close(): void
}

/** No API server answers; the message says why. */
export class Unreachable extends Error {
  readonly fix: string

  constructor(message: string, fix: string) {
    super(message)
    this.fix = fix
  }
}

const CHECK_CONNECTION = 'See that `kubectl version` works with the same --kubeconfig and --context.'
/** At once; the server's own fairness queues what is above its share. */
const MAX_CONNECTIONS = 8
/** Milliseconds. A server that answers, does so in fewer; admission webhooks have at most 30 seconds. */
const PATIENCE = 60_000

/**
 * A connection by `kubectl proxy`, so that credentials, their plugins, contexts, proxies and certificates are kubectl's business, and
 * no secret comes into this process. The proxy listens at a socket in a folder that only this user may enter.
 * @throws Unreachable
 */
export async function openServer(options: ServerOptions): Promise<Server> {
  const flags = [
    ...(options.kubeconfig === undefined ? [] : [`--kubeconfig=${options.kubeconfig}`]),
    ...(options.context === undefined ? [] : [`--context=${options.context}`]),
  ]
  const [namespace = '', url = ''] = (await contextOf(flags)).split('\n')
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-server-'))
  const socketPath = join(folder, 'socket')
  const proxy = kubectl([...flags, 'proxy', `--unix-socket=${socketPath}`])
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS })
  const close = () => {
    process.off('exit', close).off('SIGTERM', interrupted).off('SIGINT', interrupted)
    agent.destroy()
    proxy.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  // The proxy must not outlive this process.
  const interrupted = (signal: NodeJS.Signals) => {
    close()
    process.kill(process.pid, signal)
  }
  process.once('exit', close).once('SIGTERM', interrupted).once('SIGINT', interrupted)
  try {
    await started(proxy)
    const server: Server = { url, namespace: namespace || 'default', close, ask: asker(socketPath, agent) }
    const { code, status } = await server.ask('GET', '/version')
    if (code !== 200) throw new Unreachable(status.message ?? `HTTP status ${code}`, CHECK_CONNECTION)
    return server
  } catch (error) {
    close()
    throw error
  }
}

function kubectl(args: string[]): ChildProcess {
  return spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Namespace and server of the context, a line each. */
async function contextOf(flags: string[]): Promise<string> {
  const template = '{.contexts[0].context.namespace}{"\\n"}{.clusters[0].cluster.server}'
  const child = kubectl([...flags, 'config', 'view', '--minify', '-o', `jsonpath=${template}`])
  const [out, errors] = [collect(child.stdout), collect(child.stderr)]
  const [code] = await ended(child)
  // Without any configuration kubectl knows what to do in a pod.
  if (code !== 0 && flags.length > 0) throw new Unreachable(reasonOf(errors()), CHECK_CONNECTION)
  return code === 0 ? out() : ''
}

/** Resolves once the proxy says that it listens; without credentials it asks for some, and ends since nobody answers. */
async function started(proxy: ChildProcess): Promise<void> {
  const [out, errors] = [collect(proxy.stdout), collect(proxy.stderr)]
  const listens = new Promise<undefined>((done) => {
    proxy.stdout?.on('data', () => {
      if (out().includes('Starting to serve')) done(undefined)
    })
  })
  const result = await Promise.race([listens, ended(proxy)])
  if (!result) return
  const asked = /^Please enter (\w+)/m.exec(out())?.[1]
  throw new Unreachable(
    asked ? `the kubeconfig has no ${asked}, token or certificate` : reasonOf(errors()),
    CHECK_CONNECTION,
  )
}

async function ended(child: ChildProcess): Promise<unknown[]> {
  try {
    return await once(child, 'close')
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const fix = 'Install kubectl (https://kubernetes.io/docs/tasks/tools/); it reads the kubeconfig and logs in.'
    throw isMissing ? new Unreachable('there is no kubectl in PATH', fix) : error
  }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (part) => {
    text += part
  })
  return () => text
}

function reasonOf(text: string): string {
  return (
    text
      .trim()
      .split('\n', 1)[0]
      ?.replace(/^error: /, '') || 'kubectl ended without a word'
  )
}

function asker(socketPath: string, agent: Agent): Server['ask'] {
  return async (method, path, body) => {
    for (let attempt = 1; ; attempt++) {
      const { code, type, text, warnings, retryAfter } = await call(method, path, body)
      if (code === 429 && attempt < 5) {
        await new Promise((done) => setTimeout(done, 1000 * Math.min(retryAfter || 1, 10)))
        continue
      }
      // The proxy, unlike a server, explains itself in plain text.
      if (code >= 500 && !type.includes('json')) throw new Unreachable(reasonOf(text), CHECK_CONNECTION)
      const answer = type.includes('json') ? (JSON.parse(text) as unknown) : {}
      return { code, status: code < 300 ? {} : (answer as Status), warnings, body: answer }
    }
  }

  type Reply = { code: number; type: string; text: string; warnings: string[]; retryAfter: number }

  function call(method: string, path: string, body?: object): Promise<Reply> {
    return new Promise((done, failed) => {
      const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json'
      const headers = { accept: 'application/json', ...(body && { 'content-type': type }) }
      const failure = (error: Error) => failed(new Unreachable(error.message, CHECK_CONNECTION))
      const call = request({ socketPath, agent, method, path, headers, timeout: PATIENCE }, (answer) => {
        const text = collect(answer)
        answer.on('error', failure).on('end', () =>
          done({
            code: answer.statusCode ?? 0,
            type: answer.headers['content-type'] ?? '',
            text: text(),
            warnings: warningsIn(answer.rawHeaders),
            retryAfter: Number(answer.headers['retry-after']),
          }),
        )
      })
      call.on('error', failure)
      call.on('timeout', () => call.destroy(new Error(`no answer in ${PATIENCE / 1000} s`)))
      call.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}

/** `299 - "text"`, several to a header, quotes within escaped by a backslash. */
function warningsIn(rawHeaders: readonly string[]): string[] {
  return rawHeaders.flatMap((name, index) => {
    if (index % 2 === 1 || name.toLowerCase() !== 'warning') return []
    const said = (rawHeaders[index + 1] ?? '').matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)
    return [...said].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'))
  })
}
