import { type ModelServer, type ServerOptions, startServer } from 'modelyard-serving/main'
import { Failure } from '../findings/index.ts'

/** The value of `--port`. @throws Failure for anything else than a port */
export function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65535) return port
  throw new Failure(`--port ${text} is no port`, { fix: 'Give a whole number from 0 to 65535.' })
}

/** Starts the server. @throws Failure when the address cannot be listened on */
export async function startLocalServer(options: ServerOptions): Promise<ModelServer> {
  try {
    return await startServer(options)
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall !== 'listen' && syscall !== 'getaddrinfo') throw error
    const { host = '127.0.0.1', port } = options
    const reason = code === 'EADDRINUSE' ? 'something else listens there' : (error as Error).message
    const fix = 'Give another --port, or 0 for a free one, and a --host of this machine.'
    throw new Failure(`the server cannot listen on ${host}:${port}: ${reason}`, { fix, cause: error })
  }
}

/** Resolves after the first SIGINT or SIGTERM, once what was accepted is answered. */
export async function untilStopped(server: ModelServer): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  await server.close()
}
