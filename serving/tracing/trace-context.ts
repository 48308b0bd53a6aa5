import { randomBytes } from 'node:crypto'

/** Where a request stands in its trace (W3C Trace Context, https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  traceId: string
  /** 16 of them: the span of the caller, which `traceparent` calls parent-id. */
  spanId: string
  /** Two of them; the lowest bit says that the caller records the trace. */
  flags: string
  /** `tracestate` as it came; undefined when it is absent or malformed. */
  state: string | undefined
}

/** Headers of a call, or metadata of gRPC; names in lower case. */
export type CallHeaders = Record<string, string | string[] | undefined>

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const ZEROS = /^0+$/

/** Sampled, and the random flag of level 2; the other bits have no meaning yet and must be sent as zero. */
const KNOWN_FLAGS = 0b11

const STATE_KEY = /^[a-z][a-z0-9_\-*/]{0,255}$|^[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}$/
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
const MOST_STATE_MEMBERS = 32

const known = new WeakMap<object, TraceContext>()

/**
 * The trace of a call by its headers, names in lower case: the caller's, or a new one, not recorded, where there is none or a
 * malformed one. Worked out when it is first asked for, since most requests write no log line; the same for the same headers
 * object from then on.
 */
export function traceContextOf(headers: CallHeaders): TraceContext {
  let context = known.get(headers)
  if (context === undefined) {
    context = parseTraceContext(headers) ?? newTraceContext()
    known.set(headers, context)
  }
  return context
}

/**
 * The headers with which a call that is made on behalf of another joins its trace. This server records no span of its own, so
 * it passes on what it was given; with the optional OpenTelemetry layer that is the span which the layer records.
 */
export function traceHeaders(headers: CallHeaders): Record<string, string> {
  const { traceId, spanId, flags, state } = traceContextOf(headers)
  const traceparent = `00-${traceId}-${spanId}-${flags}`
  return state === undefined ? { traceparent } : { traceparent, tracestate: state }
}

function parseTraceContext({ traceparent, tracestate }: CallHeaders): TraceContext | undefined {
  // Node joins a header that came twice with a comma: then it matches no more, as the specification wants.
  const [, version, traceId, spanId, flags, more] =
    (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent.trim())) || []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined
  // Later versions may only append; 00 ends here, and ff is no version.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined
  const kept = (Number.parseInt(flags, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0')
  return { traceId, spanId, flags: kept, state: validState(tracestate) }
}

/** A list with a malformed member, or with a key twice, is discarded as a whole. */
function validState(given: string | string[] | undefined): string | undefined {
  if (given === undefined) return undefined
  const members = String(given)
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '')
  if (members.length === 0 || members.length > MOST_STATE_MEMBERS) return undefined
  const keys = new Set<string>()
  for (const member of members) {
    const separator = member.indexOf('=')
    const key = member.slice(0, Math.max(separator, 0))
    if (!STATE_KEY.test(key) || !STATE_VALUE.test(member.slice(separator + 1)) || keys.has(key)) return undefined
    keys.add(key)
  }
  return members.join(',')
}

function newTraceContext(): TraceContext {
  return {
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    flags: '00',
    state: undefined,
  }
}
