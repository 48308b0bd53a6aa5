import type { AddressInfo } from 'node:net'
import { createContentCache } from './artifact/index.ts'
import type { ServerSettings } from './contract/index.ts'
import { addRoutes, createHttpServer, drain, type LoggerOption } from './http/index.ts'
import { type FileWatch, ModelRegistry, readBootConfiguration, watchRouting } from './models/index.ts'
import { createMonitoring } from './monitoring/index.ts'
import { startGrpcServer } from './protocols/index.ts'

export { ConfigurationError } from './models/index.ts'

export interface ServerOptions {
  /** `boot.json`. */
  bootPath: string
  /** `routing.json`, watched; it need not exist. Absent: stable versions only. */
  routingPath?: string
  /** Where artifacts are kept by digest. */
  cacheDirectory: string
  /** Address to listen on; `127.0.0.1` by default. */
  host?: string
  /** 0 for a free one; by default the port of the boot configuration. */
  port?: number
  /** 0 for a free one; by default the `grpcPort` of the boot configuration, and without one gRPC is off. */
  grpcPort?: number
  /** Fastify's `logger`: true for JSON lines on standard output, false (the default) for silence. */
  logger?: LoggerOption
}

export interface ModelServer {
  /** `http://127.0.0.1:8080` */
  address: string
  /** `127.0.0.1:8081`; undefined when gRPC is off. */
  grpcAddress: string | undefined
  /** Stops at once: no new connections, answers for the requests in flight, models freed. */
  close(): Promise<void>
  /** Stops as a pod does: unready, the configured delay, then answers within the configured time. The process is to end then. */
  drain(): Promise<void>
}

/** A server that listens and answers probes while its models are still on their way. */
export interface LaunchedServer extends ModelServer {
  /** Resolves once every model of the configuration is loaded or refused. */
  loaded: Promise<void>
}

/**
 * Starts the server and resolves once every model of the configuration is loaded or refused; probes answer before that.
 * Rejects with a `ConfigurationError` for a wrong boot configuration and with Node's error for a port that is taken. A model
 * that is refused does not reject: it is unready, and the log and `/readyz` say why.
 */
export async function startServer(options: ServerOptions): Promise<ModelServer> {
  const { loaded, ...server } = await launchServer(options)
  await loaded
  return server
}

/** `startServer` for a caller that has to be able to stop the server while it loads. */
export async function launchServer(options: ServerOptions): Promise<LaunchedServer> {
  const { bootPath, routingPath, cacheDirectory, host = '127.0.0.1', logger = false } = options
  const boot = await readBootConfiguration(bootPath)
  const app = createHttpServer(boot.server, logger)
  const state = { draining: false }
  const monitoring = createMonitoring(boot.models.map(({ slo }) => slo.latencyP99Ms))
  const cache = createContentCache(cacheDirectory, { ...boot.server.artifacts, log: app.log })
  const registry = new ModelRegistry(boot, { cache, ...engineSettings(boot.server), monitoring, log: app.log })
  addRoutes(app, registry, monitoring, state)
  await app.listen({ host, port: options.port ?? boot.server.port })
  const grpcPort = options.grpcPort ?? boot.server.grpcPort
  const grpc =
    grpcPort === undefined
      ? undefined
      : await startGrpcServer({
          registry,
          monitoring,
          host,
          port: grpcPort,
          bodyLimit: boot.server.bodyLimit,
          log: app.log,
          accepting: () => !state.draining,
        })
  let watch: FileWatch | undefined

  async function load(): Promise<void> {
    // Stable versions first: a candidate that is slow to fetch must not keep the pod from starting.
    await registry.load()
    if (routingPath === undefined || state.draining) return
    watch = watchRouting(routingPath, boot, registry, app.log)
    await watch.check()
    await registry.load()
  }

  return {
    address: addressOf(app.server.address()),
    grpcAddress: grpc && `${host.includes(':') ? `[${host}]` : host}:${grpc.port}`,
    loaded: load(),
    async close() {
      state.draining = true
      watch?.close()
      await grpc?.stop({ ...boot.server.drain, delaySeconds: 0 })
      await app.close()
      await registry.close()
    },
    async drain() {
      await Promise.all([drain(app, state, boot.server.drain), grpc?.stop(boot.server.drain)])
      watch?.close()
    },
  }
}

function engineSettings({ threads, executionProviders = ['cpu'], queue = {} }: ServerSettings) {
  return { threads, executionProviders, queue }
}

function addressOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
