import { join } from 'node:path'
import { Server as TlsServer } from 'node:tls'
import { createContentCache } from './artifact/index.ts'
import type { ServerSettings } from './contract/index.ts'
import { addManagementRoutes, addRoutes, createHttpServer, createLog, drain, type LoggerOption } from './http/index.ts'
import { ConnectionLimit, MemoryBudget } from './limits/index.ts'
import {
  createProofs,
  type FileWatch,
  ModelRegistry,
  type Proofs,
  readBootConfiguration,
  watchRouting,
} from './models/index.ts'
import { createMonitoring, type Monitoring } from './monitoring/index.ts'
import { createPredictionLog } from './prediction-log/index.ts'
import { MEMORY_COST, startGrpcServer } from './protocols/index.ts'
import { authenticatorOf, readTls, watchTls } from './security/index.ts'
import { publishStopping } from './tracing/index.ts'

export { ConfigurationError } from './models/index.ts'

export interface ServerOptions {
  /** `boot.json`. */
  bootPath: string
  /** `routing.json`, watched; it need not exist. Absent: stable versions only. */
  routingPath?: string
  /** Where artifacts are kept by digest. */
  cacheDirectory: string
  /** Where it is kept which versions have proved themselves; by default in the cache directory. */
  proofs?: Proofs
  /** Address to listen on; `127.0.0.1` by default. */
  host?: string
  /** 0 for a free one; by default the port of the boot configuration. */
  port?: number
  /** 0 for a free one; by default the `grpcPort` of the boot configuration, and without one gRPC is off. */
  grpcPort?: number
  /** 0 for a free one; by default the `managementPort` of the boot configuration, and without one `port` answers probes and metrics. */
  managementPort?: number
  /** JSON lines on standard output, or to a stream of your own; silence by default. */
  logger?: LoggerOption
  /** Where observations go; by default a registry of this server's own, which `/metrics` answers from. */
  monitoring?: Monitoring
  /** What requests in flight may hold; by default what the memory limit of the process leaves. */
  budget?: MemoryBudget
}

export interface ModelServer {
  /** `http://127.0.0.1:8080`; `https:` with TLS. */
  address: string
  /** `127.0.0.1:8081`; undefined when gRPC is off. */
  grpcAddress: string | undefined
  /** `http://127.0.0.1:8082`; undefined when probes and metrics have no port of their own. */
  managementAddress: string | undefined
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

/** What the log of predictions has at least, milliseconds, of the five seconds between the end of the drain and SIGKILL. */
const SHORTEST_FLUSH_MS = 3000

/** `startServer` for a caller that has to be able to stop the server while it loads. */
export async function launchServer(options: ServerOptions): Promise<LaunchedServer> {
  const { bootPath, routingPath, cacheDirectory, host = '127.0.0.1', logger = false } = options
  const boot = await readBootConfiguration(bootPath)
  const settings = boot.server
  const tls = settings.tls && (await readTls(settings.tls))
  const log = createLog(logger)
  const budget = options.budget ?? new MemoryBudget()
  const { maxConnections } = settings
  const connections = new ConnectionLimit({ memoryLimit: budget.limit, maxConnections })
  const mostBodyBytes = Math.floor(budget.largest / MEMORY_COST.bodyByte)
  const app = createHttpServer(settings, { log, mostBodyBytes, connections, ...(tls && { tls }) })
  const authenticator = settings.authentication && (await authenticatorOf(settings.authentication, log))
  const state = { draining: false }
  const { monitoring = createMonitoring(boot.models.map(({ slo }) => slo.latencyP99Ms)) } = options
  const cache = createContentCache(cacheDirectory, { ...settings.artifacts, log })
  const predictionLog = createPredictionLog(settings.predictionLog ?? {}, monitoring.predictionLog, log)
  const { proofs = createProofs(join(cacheDirectory, 'proofs')) } = options
  const engine = engineSettings(settings)
  const registry = new ModelRegistry(boot, { cache, proofs, ...engine, monitoring, predictionLog, log })
  const context = {
    settings,
    registry,
    monitoring,
    predictionLog,
    state,
    budget,
    connections,
    ...(authenticator && { authenticator }),
  }
  const managementPort = options.managementPort ?? settings.managementPort
  addRoutes(app, context, managementPort !== undefined)
  await app.listen({ host, port: options.port ?? settings.port })
  log.info({}, `listening at ${addressOf(app)}`)
  const management = managementPort === undefined ? undefined : createHttpServer(settings, { log })
  if (management !== undefined) {
    addManagementRoutes(management, context)
    await management.listen({ host, port: managementPort ?? 0 })
    log.info({}, `probes and scrapes: listening at ${addressOf(management)}`)
  }
  const grpcPort = options.grpcPort ?? settings.grpcPort
  const grpc =
    grpcPort === undefined
      ? undefined
      : await startGrpcServer({
          ...context,
          host,
          port: grpcPort,
          bodyLimit: Math.min(settings.bodyLimit, mostBodyBytes),
          log,
          accepting: () => !state.draining,
          ...(tls && { tls }),
        })
  const tlsWatch =
    settings.tls &&
    watchTls(settings.tls, log, (material) => {
      if (app.server instanceof TlsServer) app.server.setSecureContext(material)
      grpc?.setTls(material)
    })
  void tlsWatch?.check()
  let watch: FileWatch | undefined

  async function load(): Promise<void> {
    // Stable versions first: a candidate that is slow to fetch must not keep the pod from starting.
    await registry.load()
    budget.measure()
    log.info({ limit: budget.limit, requests: budget.capacity }, 'memory, bytes')
    if (routingPath === undefined || state.draining) return
    watch = watchRouting(routingPath, boot, registry, log)
    await watch.check()
    await registry.load()
    budget.measure()
  }

  const stopWatching = () => {
    for (const watching of [watch, tlsWatch, authenticator]) watching?.close()
  }

  return {
    address: addressOf(app),
    grpcAddress: grpc && `${host.includes(':') ? `[${host}]` : host}:${grpc.port}`,
    managementAddress: management && addressOf(management),
    loaded: load(),
    async close() {
      state.draining = true
      stopWatching()
      await grpc?.stop({ ...settings.drain, delaySeconds: 0 })
      await app.close()
      await management?.close()
      await registry.close()
      await predictionLog.close(Math.min(settings.drain.timeoutSeconds * 1000, SHORTEST_FLUSH_MS))
    },
    async drain() {
      const { delaySeconds, timeoutSeconds } = settings.drain
      const end = performance.now() + (delaySeconds + timeoutSeconds) * 1000
      await Promise.all([drain(app, log, state, settings.drain), grpc?.stop(settings.drain)])
      stopWatching()
      const left = Math.max(end - performance.now(), SHORTEST_FLUSH_MS)
      await Promise.all([predictionLog.close(left), publishStopping(left)])
      // Last: until here probes have to hear that the server is alive, and unready.
      await management?.close()
    },
  }
}

function engineSettings({ threads, executionProviders = ['cpu'], queue = {} }: ServerSettings) {
  return { threads, executionProviders, queue }
}

function addressOf({ server }: ReturnType<typeof createHttpServer>): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${server instanceof TlsServer ? 'https' : 'http'}://${host}:${address.port}`
}
