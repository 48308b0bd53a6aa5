import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type handleUnaryCall, Metadata, type MethodDefinition, Server, type ServerUnaryCall } from '@grpc/grpc-js'
import type { ServerSettings } from '../../contract/index.ts'
import type { ConnectionLimit, MemoryBudget } from '../../limits/index.ts'
import type { LoadedVersion, Log, Route, ServedModel } from '../../models/index.ts'
import type { Authenticator, TlsMaterial } from '../../security/index.ts'
import { CHANNELS, type GrpcCallEvent } from '../../tracing/index.ts'
import { HttpProblem } from '../http-problem.ts'
import { requestId } from '../request-id.ts'
import { requestLog, type ServerLog } from '../request-log.ts'
import { takeMemory } from '../request-memory.ts'
import { notReady, type ProtocolContext, VERSION_HEADER, versionNamed } from '../request-target.ts'
import { type ServedCall, serveRequest } from '../serve-request.ts'
import { authenticateCalls, clientOf } from './authenticate-calls.ts'
import { serverCredentials } from './credentials.ts'
import { type HealthWatchers, healthService } from './health.ts'
import { readInferRequest, writeInferResponse } from './infer-messages.ts'
import { limitCalls, MAX_STREAMS, reservationOf } from './limit-calls.ts'
import { readNames, writeFlag, writeModelMetadata, writeServerMetadata } from './metadata-messages.ts'
import { prepareInfer } from './prepare-infer.ts'
import { codeOf, statusOf } from './status.ts'

const { version: SERVER_VERSION } = createRequire(import.meta.url)('modelyard-serving/package.json')

const WRONG_INPUT = 400
const INTERNAL = 500
const CLIENT_CLOSED_REQUEST = 499
const GATEWAY_TIMEOUT = 504

/** A connection without a call for so long, seconds, is closed; clients open another when they need it. */
const IDLE_SECONDS = 120

/** A connection ends after an hour, so that pods that were added get their share; calls have half a minute more. */
const MAX_AGE_MS = 3_600_000
const AGE_GRACE_MS = 30_000

/** How often a connection is asked whether its client is still there. */
const KEEPALIVE_MS = 30_000

/** What one connection may have buffered, MB. */
const MAX_SESSION_MB = 32

export interface GrpcOptions extends ProtocolContext {
  host: string
  /** 0 for a free one. */
  port: number
  /** Largest message that is read, bytes; a larger one is RESOURCE_EXHAUSTED. */
  bodyLimit: number
  log: ServerLog
  /** False once the server is about to stop. */
  accepting(): boolean
  /** Absent: everybody may call. */
  authenticator?: Authenticator
  /** Absent: without TLS. */
  tls?: TlsMaterial
  settings: ServerSettings
  /** What requests in flight may hold. */
  budget: MemoryBudget
  /** Of all ports. */
  connections: ConnectionLimit
}

export interface GrpcServer {
  port: number
  /** The certificate and authorities of connections from now on. */
  setTls(material: TlsMaterial): void
  /** Serves for the delay, then stops listening and answers the calls in flight; what is left after the time-out is cut. */
  stop(drain: ServerSettings['drain']): Promise<void>
}

/** One call in the terms of the core. */
interface Call extends ServedCall {
  body: Uint8Array
  /** Milliseconds since 1970; infinite without one. */
  deadline: number
  answerMetadata: Metadata
}

type Answer = Uint8Array | Promise<Uint8Array>

/**
 * Open Inference Protocol V2, gRPC (open-inference-protocol, specification/protocol/inference_grpc.md): the six calls of
 * `inference.GRPCInferenceService` over the same core as REST, and `grpc.health.v1`. Messages are decoded in the handlers, so
 * that one that cannot be read is INVALID_ARGUMENT. Rejects when the port is taken.
 */
export async function listenGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const { idleSeconds = IDLE_SECONDS } = options.settings.receive ?? {}
  const server = new Server({
    'grpc.max_receive_message_length': options.bodyLimit,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.max_connection_idle_ms': idleSeconds * 1000,
    'grpc.max_connection_age_ms': MAX_AGE_MS,
    'grpc.max_connection_age_grace_ms': AGE_GRACE_MS,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc-node.max_session_memory': MAX_SESSION_MB,
    // Nobody can ask for it here, and it keeps an entry for each connection and call.
    'grpc.enable_channelz': 0,
    interceptors: [
      limitCalls(options.budget, options.bodyLimit),
      ...(options.authenticator ? [authenticateCalls(options.authenticator, options.monitoring)] : []),
    ],
  })
  const credentials = serverCredentials(options.tls)
  const ready = () => options.registry.ready && options.accepting()
  const calls: Record<string, [route: string | undefined, handle: (call: Call) => Answer]> = {
    ServerLive: [undefined, () => writeFlag(true)],
    ServerReady: [undefined, () => writeFlag(ready())],
    ServerMetadata: [undefined, () => writeServerMetadata('modelyard-serving', SERVER_VERSION)],
    ModelReady: ['grpc-model-ready', (call) => modelReady(call, options)],
    ModelMetadata: ['grpc-metadata', (call) => modelMetadata(call, options)],
    ModelInfer: ['grpc-infer', (call) => modelInfer(call, options)],
  }
  for (const [name, [route, handle]] of Object.entries(calls)) {
    const path = `/inference.GRPCInferenceService/${name}`
    server.addService({ [name]: method(path) }, { [name]: unary(route, handle, options) })
  }
  const health: HealthWatchers = healthService(server, ready)
  // A listener of our own, so that connections are counted with those of the other ports and before anything of them is read.
  const connections = server.createConnectionInjector(credentials.server)
  const listener = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    if (!socket.destroyed) connections.injectConnection(socket)
  })
  options.connections.watch(listener, 'grpc')
  listener.listen(options.port, options.host)
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  options.log.info({ port }, 'gRPC listening')
  return {
    port,
    setTls: credentials.setTls,
    async stop({ delaySeconds, timeoutSeconds }) {
      await sleep(delaySeconds * 1000)
      health.close()
      listener.close()
      const cut = setTimeout(() => server.forceShutdown(), timeoutSeconds * 1000)
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      clearTimeout(cut)
    },
  }
}

const same = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function method(path: string): MethodDefinition<Uint8Array, Uint8Array> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  }
}

/** Runs a handler, maps what it throws, says request id and version, and counts the answer with the code REST would give. */
function unary(
  route: string | undefined,
  handle: (call: Call) => Answer,
  { log, settings: { accessLog = 0 } }: GrpcOptions,
): handleUnaryCall<Uint8Array, Uint8Array> {
  return (grpc, reply) => {
    const call = createCall(grpc, log)
    const { headers, started } = call
    const path = grpc.getPath()
    CHANNELS.grpcStart.publish({ headers, path } satisfies GrpcCallEvent)
    const finish = (code: number) => {
      const counted = grpc.cancelled ? cancelledCode(grpc) : code
      const ms = performance.now() - started
      if (route !== undefined) call.served?.metrics.request(route, counted, ms / 1000)
      CHANNELS.grpcEnd.publish({ headers, path, code: codeOf(counted) } satisfies GrpcCallEvent)
      if (Math.random() < accessLog) {
        call.ownLog.info({ method: path, status: counted, ms: Number(ms.toFixed(3)) }, 'request')
      }
    }
    Promise.resolve()
      .then(() => handle(call))
      .then(
        (answer) => {
          grpc.sendMetadata(call.answerMetadata)
          reply(null, answer)
          finish(200)
        },
        (error: unknown) => {
          const problem = error instanceof HttpProblem ? error : undefined
          if (problem === undefined) call.ownLog.error({ err: error }, 'a gRPC call failed')
          grpc.sendMetadata(call.answerMetadata)
          reply(statusOf(problem))
          finish(problem?.statusCode ?? INTERNAL)
        },
      )
  }
}

function createCall(grpc: ServerUnaryCall<Uint8Array, Uint8Array>, log: ServerLog): Call {
  const headers = Object.fromEntries(Object.entries(grpc.metadata.getMap()).map(([name, value]) => [name, `${value}`]))
  const id = requestId(headers['x-request-id'])
  const answerMetadata = new Metadata()
  answerMetadata.set('x-request-id', id)
  const socket = {
    get destroyed() {
      return grpc.cancelled
    },
  }
  const client = clientOf(grpc.metadata) ?? null
  let madeLog: Log | undefined
  return {
    id,
    started: performance.now(),
    deadline: Number(grpc.getDeadline()),
    body: grpc.request,
    headers,
    answerMetadata,
    get ownLog() {
      madeLog ??= requestLog(log, { id, client, headers })
      return madeLog
    },
    served: null,
    raw: { socket },
    memory: reservationOf(grpc.metadata),
  }
}

function cancelledCode(grpc: ServerUnaryCall<Uint8Array, Uint8Array>): number {
  return Number(grpc.getDeadline()) <= Date.now() ? GATEWAY_TIMEOUT : CLIENT_CLOSED_REQUEST
}

function modelReady(call: Call, context: ProtocolContext): Uint8Array {
  const { name, version } = decode(readNames, call.body)
  const model = target(call, name, 'grpc-model-ready', context)
  return writeFlag(model.version(version === '' ? undefined : version) !== undefined)
}

function modelMetadata(call: Call, context: ProtocolContext): Uint8Array {
  const names = decode(readNames, call.body)
  const model = target(call, names.name, 'grpc-metadata', context)
  const { inputs, outputs } = routeOf(model, names.version, call).version.served.interface
  const { name } = model
  return writeModelMetadata({ name, versions: model.state().versions, platform: 'onnxruntime_onnx', inputs, outputs })
}

async function modelInfer(call: Call, context: ProtocolContext): Promise<Uint8Array> {
  const take = (bytes: number) => takeMemory(call, bytes)
  const request = decode((message) => readInferRequest(message, take), call.body)
  const model = target(call, request.modelName, 'grpc-infer', context)
  const route = routeOf(model, request.modelVersion, call)
  const prepare = (candidate: LoadedVersion) => {
    const prepared = prepareInfer(candidate, request)
    return Number.isFinite(call.deadline) ? { ...prepared, timeoutMs: call.deadline - Date.now() } : prepared
  }
  const { version: spoke, outputs } = await serveRequest(call, route, prepare, WRONG_INPUT)
  const version = spoke.served.name
  call.answerMetadata.set(VERSION_HEADER, version)
  // As the inputs came, unless the caller says.
  const raw = request.rawOutputs ?? request.inputs.every(({ contents }) => contents === undefined)
  return writeInferResponse({ model: model.name, version, id: request.id }, outputs, raw)
}

function decode<T>(read: (message: Uint8Array) => T, message: Uint8Array): T {
  try {
    return read(message)
  } catch (error) {
    if (error instanceof HttpProblem) throw error
    throw new HttpProblem(WRONG_INPUT, 'the message is not one of this protocol: it cannot be decoded')
  }
}

function target(call: Call, name: string, route: string, { registry, monitoring }: ProtocolContext): ServedModel {
  const model = registry.find(name)
  if (model === undefined) {
    const error = `there is no model ${JSON.stringify(name.slice(0, 100))}; this server has ${registry.names.join(', ')}`
    throw new HttpProblem(404, error)
  }
  call.served = { model, route, metrics: monitoring.version(model.name, '') }
  return model
}

/** The split's choice, or the named version. */
function routeOf(model: ServedModel, name: string, { headers }: Call): Route {
  if (name !== '') return { version: versionNamed(model, name), mode: 'direct' }
  const route = model.route(headers)
  if (route === undefined) throw notReady(model)
  return route
}
