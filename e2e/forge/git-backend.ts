// A Git repository over smart HTTP: git's own `git http-backend`, as a web server runs it.
import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Cut {
  /** Bytes of the request that reach git before the connection is cut. */
  afterBytes: number
}

/** Serves one request of the repositories below `folder`. Whoever gets here may read and write. */
export function serveGit(request: IncomingMessage, response: ServerResponse, folder: string, cut?: Cut): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      REMOTE_USER: 'somebody',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: decodeURI(pathname),
      QUERY_STRING: searchParams.toString(),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      ...(request.headers['git-protocol'] && { GIT_PROTOCOL: String(request.headers['git-protocol']) }),
      ...(request.headers['content-length'] && { CONTENT_LENGTH: request.headers['content-length'] }),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  backend.stdin.on('error', () => {})
  if (cut) {
    let left = cut.afterBytes
    request.on('data', (chunk: Buffer) => {
      backend.stdin.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left > 0) return
      request.socket.destroy()
      backend.kill('SIGKILL')
    })
  } else request.pipe(backend.stdin)

  let head = Buffer.alloc(0)
  let isBody = false
  backend.stdout.on('data', (chunk: Buffer) => {
    if (isBody) {
      response.write(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    isBody = true
    const headers = head
      .subarray(0, end)
      .toString('latin1')
      .split('\r\n')
      .map((line) => line.split(/:\s*/, 2))
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200'
    response.writeHead(Number.parseInt(status, 10), headers.filter(([name]) => name !== 'Status').flat() as string[])
    response.write(head.subarray(end + 4))
  })
  backend.on('close', () => response.end())
}
