import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer, type EmbeddedCheck, type EmbeddedPullRequest, type EmbeddedState, type Reply } from './routes.ts'

export interface EmbeddedForge {
  /** Address of the API, for `GITHUB_API_URL`. */
  url: string
  /** All that were opened, oldest first; live. */
  pullRequests: readonly EmbeddedPullRequest[]
  /** All verdicts on commits, oldest first; live. */
  checks: readonly EmbeddedCheck[]
  close(): Promise<void>
}

/** Larger than GitHub's limit of a body, far smaller than what would hurt. */
const MAX_REQUEST_BYTES = 1_000_000

/**
 * A forge of its own for the demo and the tests: an HTTP server on 127.0.0.1 that speaks the part of GitHub's REST API
 * which Modelyard uses. It keeps everything in memory and accepts any token, but wants one.
 * @param options.port 0 (the default) takes a free one.
 */
export async function startEmbeddedForge({ port = 0 }: { port?: number } = {}): Promise<EmbeddedForge> {
  const state: EmbeddedState = { pulls: [], checks: [] }
  let url = ''
  const server = createServer((request, response) => {
    respond(request, state, url)
      .catch((error: unknown): Reply => ({ status: 500, json: { message: String(error) } }))
      .then((reply) => send(response, reply))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, pullRequests: state.pulls, checks: state.checks, close: () => close(server) }
}

async function respond(request: IncomingMessage, state: EmbeddedState, url: string): Promise<Reply> {
  const address = new URL(request.url ?? '/', url)
  const authorized = /^(bearer|token) \S+/i.test(request.headers.authorization ?? '')
  const text = await read(request)
  if (text === undefined) return { status: 413, json: { message: 'Request is too large' } }
  let body: unknown
  try {
    body = text === '' ? {} : JSON.parse(text)
  } catch {
    return { status: 400, json: { message: 'Problems parsing JSON' } }
  }
  return answer({ method: request.method ?? 'GET', address, body, authorized }, state, url)
}

async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_REQUEST_BYTES) chunks.push(chunk)
  }
  return size > MAX_REQUEST_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, { status, json, text }: Reply): void {
  const type = text === undefined ? 'application/json' : 'text/plain'
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` })
  response.end(text ?? JSON.stringify(json))
}

/** Clients keep connections open for the next call; waiting for them to let go would take seconds. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
