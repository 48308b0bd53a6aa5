import type { Server, Socket } from 'node:net'

/** Share of the memory limit that open connections may take. */
const MEMORY_SHARE = 1 / 8

/** What an idle connection takes, bytes: of HTTP/1.1, and of HTTP/2 with its session. e2e/limits holds them. */
export const CONNECTION_COST = { http: 12 * 1024, grpc: 40 * 1024 } as const

/** With a model so fast that a refusal costs as much as an answer, this is what bounds how long a caller waits. */
const DEFAULT_MAX_CONNECTIONS = 8192

/** Connections beyond the limit that are kept for probes. */
const MAX_SPARE = 16

/** How long one of them may be open, milliseconds. */
const SPARE_MS = 5000

export interface ConnectionLimits {
  /** Bytes that the process may use. */
  memoryLimit: number
  /** 8,192 by default; what the memory limit allows may be less. */
  maxConnections?: number | undefined
}

/**
 * Connections of all ports together, by number and by memory. On a port with probes some more are let in for a moment, the newest
 * first: whoever fills the server must not make it look dead.
 */
export class ConnectionLimit {
  private readonly maxConnections: number
  private readonly maxBytes: number
  private connections = 0
  private bytes = 0
  private readonly spare = new Set<Socket>()

  constructor({ memoryLimit, maxConnections = DEFAULT_MAX_CONNECTIONS }: ConnectionLimits) {
    this.maxConnections = maxConnections
    this.maxBytes = memoryLimit * MEMORY_SHARE
  }

  /** Connections that are open now, without those for probes. */
  get open(): number {
    return this.connections
  }

  /** Applies the limit to every connection of a server from now on. */
  watch(server: Server, kind: keyof typeof CONNECTION_COST): void {
    server.prependListener('connection', (socket: Socket) => {
      if (this.admit(socket, kind)) return
      if (kind === 'http') this.admitSpare(socket)
      else socket.destroy()
    })
  }

  /** True for a connection beyond the limit, on which only probes are answered. */
  isSpare(socket: Socket): boolean {
    return this.spare.size > 0 && this.spare.has(socket)
  }

  private admit(socket: Socket, kind: keyof typeof CONNECTION_COST): boolean {
    const cost = CONNECTION_COST[kind]
    if (this.connections >= this.maxConnections || this.bytes + cost > this.maxBytes) return false
    this.connections += 1
    this.bytes += cost
    socket.once('close', () => {
      this.connections -= 1
      this.bytes -= cost
    })
    return true
  }

  private admitSpare(socket: Socket): void {
    if (this.spare.size >= MAX_SPARE) {
      const [oldest] = this.spare
      if (oldest !== undefined) {
        this.spare.delete(oldest)
        oldest.destroy()
      }
    }
    this.spare.add(socket)
    const timer = setTimeout(() => socket.destroy(), SPARE_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      this.spare.delete(socket)
    })
  }
}
