import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import { RemoteError } from './remote-error.ts'

/** Connections to one address; a request beyond them waits for its turn within its own time. */
const MOST_CONNECTIONS = 64

/** An answer with more bytes is not read to its end. */
const MOST_BYTES = 64 * 1024 * 1024

export interface RemoteAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface RemoteRequest {
  method: 'GET' | 'POST'
  headers?: OutgoingHttpHeaders
  body?: Buffer
  /** Milliseconds for the whole exchange. */
  timeoutMs: number
}

/** A bounded pool of connections to one server; every failure is a `RemoteError`. */
export interface RemoteClient {
  /** Any status is an answer; redirects are not followed. */
  send(url: string, request: RemoteRequest): Promise<RemoteAnswer>
  close(): void
}

export function createRemoteClient(): RemoteClient {
  const options = { keepAlive: true, maxSockets: MOST_CONNECTIONS }
  const agents = { http: new http.Agent(options), https: new https.Agent(options) }

  function once(url: string, asked: RemoteRequest, left: number, retry: () => void): Promise<RemoteAnswer> {
    const secure = url.startsWith('https:')
    const { method, headers = {}, body = Buffer.alloc(0) } = asked
    return new Promise((resolve, reject) => {
      let settled = false
      const fail = (reason: 'unreachable' | 'time_out' | 'wrong_answer', why: string) => {
        settled = true
        clearTimeout(timer)
        reject(new RemoteError(reason, `${method} ${url}: ${why}`))
        sent.destroy()
      }
      const agent = secure ? agents.https : agents.http
      const length = method === 'POST' ? { 'content-length': body.byteLength } : {}
      const sent = (secure ? https : http).request(url, { agent, method, headers: { ...headers, ...length } })
      const timer = setTimeout(() => fail('time_out', `no answer within ${Math.round(left)} ms`), Math.max(left, 0))
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (settled) return
        clearTimeout(timer)
        // The server had closed this idle connection while the request was on its way: it has not been read.
        if (sent.reusedSocket && error.code === 'ECONNRESET') retry()
        else fail('unreachable', error.message)
      })
      sent.on('response', (response) => {
        const parts: Buffer[] = []
        let bytes = 0
        response.on('data', (part: Buffer) => {
          bytes += part.byteLength
          if (bytes > MOST_BYTES) fail('wrong_answer', `more than ${MOST_BYTES} bytes`)
          else parts.push(part)
        })
        // From here on nothing is sent again: the request has been read.
        response.on('error', (error) => fail('unreachable', error.message))
        response.on('end', () => {
          settled = true
          clearTimeout(timer)
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) })
        })
      })
      sent.end(method === 'POST' ? body : undefined)
    })
  }

  return {
    send(url, asked) {
      const deadline = performance.now() + asked.timeoutMs
      const attempt = (): Promise<RemoteAnswer> =>
        new Promise((resolve, reject) => {
          const again = () => attempt().then(resolve, reject)
          once(url, asked, deadline - performance.now(), again).then(resolve, reject)
        })
      return attempt()
    },
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}
