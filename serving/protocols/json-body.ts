import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isWellFormed, type Problem, propertyPath, UNPAIRED_SURROGATE } from '../session/index.ts'
import { HttpProblem, wrongFields } from './http-problem.ts'
import { hasLongInteger, quoteNumbers } from './json-numbers.ts'
import { admitJson, MEMORY_COST } from './request-memory.ts'

const BAD_REQUEST = 400
const UNSUPPORTED = 415

const REPLACEMENT = '\ufffd'
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT)

/** The escape of half of a surrogate pair. Most bodies have none, and are not walked. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/

export type ParseJson = ReturnType<FastifyInstance['getDefaultJsonParser']>

export interface JsonOptions {
  /** NaN and infinities, which JSON does not have, are read too, as text (`quoteNumbers`). */
  notFinite: boolean
  /** Memory for one of its values in this protocol, bytes (`MEMORY_COST`). */
  valueCost: number
}

/** Makes `scope` read `application/json` by `parseJsonBody`. */
export function readJsonBodies(scope: FastifyInstance): void {
  const parseJson = scope.getDefaultJsonParser('error', 'error')
  scope.removeContentTypeParser('application/json')
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) =>
    parseJsonBody(parseJson, request, body as Buffer, { notFinite: false, valueCost: MEMORY_COST.recordValue }, done),
  )
}

/**
 * Parses a JSON body by the rule that every protocol keeps: UTF-8 only, and no text or name with an unpaired surrogate; a 400 with
 * the place otherwise, since the model would see U+FFFD in place of what was sent. What it would become is counted first
 * (`admitJson`). Integers that a double may not hold arrive as
 * their digits.
 */
export function parseJsonBody(
  parseJson: ParseJson,
  request: FastifyRequest,
  bytes: Buffer,
  { notFinite, valueCost }: JsonOptions,
  done: (error: Error | null, json?: unknown) => void,
): void {
  let text: string
  let turn: Promise<void> | undefined
  try {
    turn = admitJson(request, bytes, valueCost)
    text = textOfBody(bytes)
  } catch (error) {
    done(error as HttpProblem)
    return
  }
  const finish = (error: Error | null, json?: unknown) => {
    const problem = error === null && SURROGATE_ESCAPE.test(text) ? unpairedSurrogate(json) : undefined
    if (problem === undefined) done(error, json)
    else done(wrongFields(BAD_REQUEST, [problem]))
  }
  const parse = () => {
    const exact = hasLongInteger(text) ? quoteNumbers(text, notFinite) : text
    parseJson(request, exact, (error, json) => {
      // Only a body that JSON.parse refuses can hold what is not finite.
      const quoted = error !== null && notFinite ? quoteNumbers(exact, notFinite) : exact
      if (quoted === exact) finish(error, json)
      else parseJson(request, quoted, finish)
    })
  }
  if (turn === undefined) parse()
  else void turn.then(parse)
}

/** The text of a body; throws a 400 with the place of the first byte that is not UTF-8. */
export function textOfBody(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  const offset = firstInvalidByte(bytes)
  const byte = (bytes[offset] ?? 0).toString(16).padStart(2, '0')
  throw new HttpProblem(BAD_REQUEST, `the body is not UTF-8: byte 0x${byte} at offset ${offset}`)
}

/** The 415 for a multipart body in a protocol that does not read Content-Type otherwise. */
export function refuseMultipart({ headers }: FastifyRequest): HttpProblem | undefined {
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (!/^\s*multipart\//i.test(type)) return undefined
  return new HttpProblem(UNSUPPORTED, `${type.trim()} is not supported; send the body as application/json`)
}

/** Decoding writes U+FFFD for what is not UTF-8: the first that does not stand in the bytes themselves. */
function firstInvalidByte(bytes: Buffer): number {
  const text = bytes.toString('utf8')
  let offset = 0
  let from = 0
  for (;;) {
    const at = text.indexOf(REPLACEMENT, from)
    offset += Buffer.byteLength(text.slice(from, at))
    if (!bytes.subarray(offset, offset + REPLACEMENT_BYTES.length).equals(REPLACEMENT_BYTES)) return offset
    offset += REPLACEMENT_BYTES.length
    from = at + 1
  }
}

/** The first text or name with an unpaired surrogate. Not recursive: a body may nest deeper than the stack. */
function unpairedSurrogate(json: unknown): Problem | undefined {
  const waiting: { value: unknown; path: string }[] = [{ value: json, path: '' }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next
    if (typeof value === 'string') {
      if (!isWellFormed(value)) return { path, message: UNPAIRED_SURROGATE }
    } else if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index--) {
        const item: unknown = value[index]
        if (typeof item === 'string' || typeof item === 'object')
          waiting.push({ value: item, path: `${path}[${index}]` })
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value).reverse()) {
        if (!isWellFormed(name))
          return { path, message: `${UNPAIRED_SURROGATE} in the name ${JSON.stringify(name.slice(0, 100))}` }
        if (typeof item === 'string' || typeof item === 'object')
          waiting.push({ value: item, path: propertyPath(path, name) })
      }
    }
  }
  return undefined
}
