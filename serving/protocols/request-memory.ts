import { Transform } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  jsonStructure,
  largeTurn,
  type MemoryBudget,
  type Reservation,
  type Shortage,
  SMALL_BYTES,
} from '../limits/index.ts'
import type { Tensors } from '../session/index.ts'
import { HttpProblem } from './http-problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request holds of the memory budget; null without a body. */
    memory: Reservation | null
  }
}

/**
 * Bytes of memory for what a request consists of. From V8's object sizes (64 bits, no pointer compression) and what each protocol
 * makes of a value; e2e/limits shows that with these no request takes the process beyond its limit.
 */
export const MEMORY_COST = {
  /** Any request: its objects in Node and Fastify. */
  request: 4096,
  /** A gRPC call: its stream and its objects. */
  grpcCall: 16_384,
  /** A byte of a body: as received, joined, and as text. */
  bodyByte: 3,
  /** A list or an object in JSON. */
  container: 96,
  /** A string in JSON, beside its bytes. */
  string: 48,
  /** An element of a list or a field of an object, and what becomes of it: in tensors ... */
  tensorValue: 32,
  /** ... in records ... */
  recordValue: 80,
  /** ... in tables, of which records are made first. */
  tableValue: 160,
  /** A cell of a CSV file: a string, a value, a field of a record. */
  csvCell: 240,
  /** An element of an output: its text and what that is joined from. */
  answerValue: 64,
} as const

/** Lists in lists: no tensor has so many dimensions, and no record so many levels. */
const MAX_DEPTH = 64

/** Bodies up to this size are not counted: what they can become is bounded by their size. */
const UNCOUNTED_BYTES = 4096

/** Larger bodies are read one after the other, bytes. */
const LARGE_BODY = 256 * 1024

const RETRY_AFTER = { 'retry-after': '1' }

/** The refusal of a request for which there is no memory, now or ever. */
export function memoryProblem(shortage: Shortage): HttpProblem {
  if (shortage === 'too-large') {
    return new HttpProblem(413, 'the request takes more memory than this server has for one; send it in parts')
  }
  return new HttpProblem(503, 'the requests in flight leave no memory for this one', {}, RETRY_AFTER)
}

/** Takes memory for what comes next of a request; throws a 503 or 413 where there is none. */
export function takeMemory({ memory }: { memory: Reservation | null }, bytes: number): void {
  const shortage = memory?.grow(bytes)
  if (shortage !== undefined) throw memoryProblem(shortage)
}

/**
 * Reserves memory for each request's body before it is read, and gives it back once the answer has left or its client has gone.
 * The length that a request declares is reserved at once; of chunked and compressed bodies what arrives, as it arrives.
 * To be called after the hook that inflates bodies.
 */
export function limitMemory(app: FastifyInstance, budget: MemoryBudget): void {
  app.decorateRequest('memory', null)
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers, routeOptions } = request
    const chunked = headers['transfer-encoding'] !== undefined
    const length = Number(headers['content-length'] ?? 0)
    // Too long a body is Fastify's to refuse, unread.
    if ((!chunked && length === 0) || length > routeOptions.bodyLimit) return done()
    const declared = isMetered(request) ? 0 : length
    const reserved = budget.reserve(MEMORY_COST.request + declared * bodyCost(declared))
    if (typeof reserved === 'string') throw memoryProblem(reserved)
    request.memory = reserved
    done()
  })
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { memory } = request
    if (memory === null || !isMetered(request)) return done(null, payload)
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        const shortage = memory.grow(chunk.byteLength * MEMORY_COST.bodyByte)
        if (shortage === undefined) next(null, chunk)
        else next(memoryProblem(shortage))
      },
    })
    if ('receivedEncodedLength' in payload) {
      Object.defineProperty(meter, 'receivedEncodedLength', { get: () => payload.receivedEncodedLength })
    }
    payload.once('error', (error) => meter.destroy(error))
    // Fastify stops listening once it has refused the body.
    meter.on('error', () => payload.unpipe(meter))
    done(null, payload.pipe(meter))
  })
  app.addHook('onSend', (request, { raw }, payload, done) => {
    const { memory } = request
    if (memory !== null) {
      // A large answer is still in memory while its client reads it.
      if (memory.bytes <= SMALL_BYTES || raw.destroyed) memory.release()
      else raw.once('close', memory.release)
    }
    done(null, payload)
  })
}

/** True where the length is known only when the body has arrived. */
function isMetered({ headers }: FastifyRequest): boolean {
  const encoding = headers['content-encoding']
  return headers['transfer-encoding'] !== undefined || (encoding !== undefined && encoding !== 'identity')
}

/** A body that is not counted may be nothing but lists. */
function bodyCost(length: number): number {
  return length > UNCOUNTED_BYTES ? MEMORY_COST.bodyByte : MEMORY_COST.container / 2
}

/**
 * Counts what a JSON body would become and takes memory for it, before it is parsed. Throws a 400 for lists in lists beyond
 * reason, a 413 or 503 where there is no room. A promise is the body's turn: bodies of megabytes are parsed one after the other.
 */
export function admitJson(
  request: Pick<FastifyRequest, 'memory'>,
  bytes: Uint8Array,
  valueCost: number,
): Promise<void> | undefined {
  if (bytes.byteLength <= UNCOUNTED_BYTES) return undefined
  const { depth, containers, values, strings } = jsonStructure(bytes, MAX_DEPTH)
  if (depth > MAX_DEPTH) throw new HttpProblem(400, `the body has lists or objects nested more than ${MAX_DEPTH} deep`)
  takeMemory(request, containers * MEMORY_COST.container + values * valueCost + strings * MEMORY_COST.string)
  return bytes.byteLength > LARGE_BODY ? largeTurn() : undefined
}

/** Takes memory for an answer with these outputs before it is written; throws a 503 or 413 where there is none. */
export function admitAnswer(request: { memory: Reservation | null }, outputs: Tensors): void {
  let elements = 0
  for (const name in outputs) elements += outputs[name]?.data.length ?? 0
  takeMemory(request, elements * MEMORY_COST.answerValue)
}
