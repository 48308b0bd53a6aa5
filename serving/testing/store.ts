import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ArtifactError } from '../artifact/index.ts'
import type { ContentReference } from '../contract/index.ts'

const servers = new Set<Server>()

export function closeStores(): void {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  servers.clear()
}

export interface TestStore {
  /** `http://127.0.0.1:41234` */
  origin: string
  host: string
  /** Every request that came, oldest first. */
  requests: { method: string; url: string; headers: IncomingMessage['headers'] }[]
  close(): void
}

/** A real server on 127.0.0.1 that answers as the test says, until `closeStores`. */
export async function storeServer(
  answer: (request: IncomingMessage, response: ServerResponse, attempt: number) => void,
): Promise<TestStore> {
  const requests: TestStore['requests'] = []
  const server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    answer(request, response, requests.length)
  })
  servers.add(server)
  server.unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin: `http://${host}`,
    host,
    requests,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** A store that keeps what is PUT, by path, and answers 404 for the rest. `refuse` may answer a request in its place. */
export async function memoryStore(
  refuse: (request: IncomingMessage, response: ServerResponse, body: Buffer, attempt: number) => boolean = () => false,
): Promise<TestStore & { content: Map<string, Buffer> }> {
  const content = new Map<string, Buffer>()
  const store = await storeServer(async (request, response, attempt) => {
    const body = await bodyOf(request)
    if (refuse(request, response, body, attempt)) return
    const path = request.url?.split('?')[0] ?? ''
    const held = content.get(path)
    if (request.method === 'PUT') {
      content.set(path, body)
      response.writeHead(201).end()
    } else if (held === undefined) response.writeHead(404).end()
    else sendRange(request, response, held)
  })
  return { ...store, content }
}

/** A registry that keeps blobs and manifests (distribution specification 1.1), and refuses a blob with another digest. */
export async function memoryRegistry(
  refuse: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<TestStore & { content: Map<string, Buffer> }> {
  const content = new Map<string, Buffer>()
  const store = await storeServer(async (request, response) => {
    const body = await bodyOf(request)
    if (refuse(request, response)) return
    const { method } = request
    const { pathname, searchParams } = new URL(request.url ?? '', store.origin)
    const digest = searchParams.get('digest') ?? ''
    const held = content.get(pathname)
    if (method === 'POST') response.writeHead(202, { location: `${pathname}one?state=abc` }).end()
    else if (method === 'PUT' && pathname.endsWith('/uploads/one')) {
      const isRight = digest === `sha256:${createHash('sha256').update(body).digest('hex')}`
      if (isRight) content.set(pathname.replace('uploads/one', digest), body)
      response.writeHead(isRight ? 201 : 400).end()
    } else if (method === 'PUT') {
      content.set(pathname, body)
      response.writeHead(201).end()
    } else if (held === undefined) response.writeHead(404).end()
    else sendRange(request, response, held)
  })
  return { ...store, content }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Sends the content as a store with support for `Range: bytes=<from>-` does. */
export function sendRange(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
  const { status, headers, body } = ranged(request, content)
  response.writeHead(status, headers).end(body)
}

/** Sends so many bytes of what was asked for, and breaks off. */
export function sendAndCut(request: IncomingMessage, response: ServerResponse, content: Buffer, bytes: number): void {
  const { status, headers, body } = ranged(request, content)
  response.writeHead(status, headers)
  // The pause lets the bytes out: a socket that is destroyed takes what it has not sent with it.
  response.write(body.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20))
}

function ranged(request: IncomingMessage, content: Buffer) {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const body = content.subarray(from)
  const range = `bytes ${from}-${content.length - 1}/${content.length}`
  if (from === 0) return { status: 200, headers: { 'content-length': body.length }, body }
  return { status: 206, headers: { 'content-length': body.length, 'content-range': range }, body }
}

export function contentReference(address: string, content: Buffer): ContentReference {
  return { address, sha256: createHash('sha256').update(content).digest('hex'), size: content.length }
}

/** The error of an attempt that has to fail. */
export async function failureOf(attempt: Promise<unknown>): Promise<ArtifactError> {
  return attempt.then(
    () => {
      throw new Error('it should have failed')
    },
    (error: ArtifactError) => error,
  )
}

/** A log that can be read. */
export function recordedLog() {
  const lines: { level: string; details: Record<string, unknown>; message: string }[] = []
  const to = (level: string) => (details: object, message: string) => {
    lines.push({ level, details: { ...details }, message })
  }
  return { lines, log: { info: to('info'), warn: to('warn') } }
}
