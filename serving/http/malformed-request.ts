import type { Socket } from 'node:net'
import { ANSWER_HEADERS } from './answer-headers.ts'

export const MALFORMED = 'the request is malformed'

/** By the code of Node's HTTP parser. */
const ANSWERS: Record<string, [status: string, error: string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are larger than this server accepts'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'the body is larger than this server accepts'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive in time'],
}

/** Answers what is not HTTP, which no route or error handler sees, and closes the connection. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  // A reset, or something in the middle of an answer: nobody to tell.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const [status, message] = ANSWERS[error.code ?? ''] ?? ['400 Bad Request', MALFORMED]
  const { headers, body } = errorAnswer(message)
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`)
}

/** The uniform error for where Fastify does not write the answer. */
export function errorAnswer(error: string) {
  const body = JSON.stringify({ error })
  const headers = {
    ...ANSWER_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  }
  return { headers, body }
}
