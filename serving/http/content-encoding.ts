import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { promisify } from 'node:util'
import { constants, createGunzip, createInflate, deflate, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HttpProblem } from '../protocols/index.ts'

/**
 * Shorter answers are sent as they are: they fit a few packets, and compressing them costs more than the model. In UTF-16 units
 * of a text or bytes.
 */
const SMALLEST_COMPRESSED = 16_384

/** Fastest: numbers hardly shrink further with more work. */
const OPTIONS = { level: constants.Z_BEST_SPEED }

/** `deflate` is the zlib format (RFC 9110, 8.4.1.2), as Triton's client sends it. */
const DECODERS: Record<string, () => Transform> = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate }

const ENCODERS = { gzip: promisify(gzip), deflate: promisify(deflate) }

/**
 * Inflates request bodies that come with `Content-Encoding: gzip` or `deflate`, in libuv's threads. Fastify counts the bytes that
 * come out against `bodyLimit`, so a small body cannot become a large one. Another encoding is a 415.
 */
export function inflateBodies(app: FastifyInstance): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase()
    if (encoding === undefined || encoding === 'identity' || encoding === '' || !hasBody(request))
      return done(null, payload)
    const createDecoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined
    if (createDecoder === undefined) {
      const error = 'send the body as it is, or with Content-Encoding gzip or deflate'
      return done(new HttpProblem(415, error, {}, { 'accept-encoding': 'gzip, deflate' }))
    }
    const decoder = createDecoder()
    let received = 0
    payload.on('data', (chunk: Buffer) => {
      received += chunk.byteLength
    })
    Object.defineProperty(decoder, 'receivedEncodedLength', { get: () => received })
    // Fastify listens while it reads, and no longer once it has refused the request; what is wrong with the rest then concerns
    // nobody, and unheard it would end the process.
    decoder.on('error', () => {})
    // Refused, or its client gone: what has not been inflated must not be.
    reply.raw.once('close', () => decoder.destroy())
    done(null, (payload as IncomingMessage).pipe(decoder))
  })
}

/** False where Fastify reads nothing: nobody would then hear what is wrong with it. */
function hasBody({ method, headers }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'TRACE') return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Compresses large answers for callers that accept it. Others pay one comparison. */
export function compressAnswers(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!isLarge(payload) || reply.hasHeader('content-encoding')) return done(null, payload)
    reply.header('vary', 'accept-encoding')
    const encoding = acceptedEncoding(request.headers['accept-encoding'])
    if (encoding === undefined) return done(null, payload)
    ENCODERS[encoding](payload, OPTIONS).then(
      (compressed) => {
        reply.header('content-encoding', encoding)
        done(null, compressed)
      },
      (error: Error) => done(error),
    )
  })
}

function isLarge(payload: unknown): payload is string | Buffer {
  return (typeof payload === 'string' || Buffer.isBuffer(payload)) && payload.length >= SMALLEST_COMPRESSED
}

/** gzip before deflate, whatever their weights: only a weight of 0 forbids (RFC 9110, 12.5.3). */
function acceptedEncoding(header: string | string[] | undefined): keyof typeof ENCODERS | undefined {
  const accepted = new Map(
    String(header ?? '')
      .toLowerCase()
      .split(',')
      .map((item) => {
        const [coding = '', weight = ''] = item.split(';', 2).map((part) => part.trim())
        return [coding, !/^q=0(?:\.0*)?$/.test(weight)]
      }),
  )
  const takes = (coding: string) => accepted.get(coding) ?? accepted.get('*') ?? false
  return takes('gzip') ? 'gzip' : takes('deflate') ? 'deflate' : undefined
}
