import { duration, memory, object, percentage, text, words } from './schema-parts.ts'

/** JSON Schemas of gates, of models and of environments. */

const count = { type: 'integer', minimum: 0 }
const quantile = { enum: ['p50', 'p99'] }

const threshold = {
  metric: words,
  comparison: { enum: ['at-least', 'at-most'] },
  value: { type: 'number' },
}

/** The fields of each kind of gate, and those that it may leave out. */
const FIELDS: Record<string, [Record<string, object>, Record<string, object>?]> = {
  threshold: [threshold],
  champion: [
    { metric: words, better: { enum: ['higher', 'lower'] }, tolerance: percentage },
    { confidence: text('^(?:[5-9]\\d(?:\\.\\d+)?)%$', 'a confidence of 50% to 99.9%, such as 95%') },
  ],
  'evaluation-age': [{ atMost: duration }],
  'evaluation-rows': [{ atLeast: count }],
  'evaluation-data': [{}],
  latency: [{ quantile }, { atMost: duration, tolerance: percentage }],
  memory: [{}, { atMost: memory, tolerance: percentage }],
}

/** A version that fails one is never registered. */
export const validationGateSchema = object({ kind: { const: 'threshold' }, ...threshold })

export const promotionGateSchema = {
  type: 'object',
  required: ['kind'],
  properties: { kind: { enum: Object.keys(FIELDS) } },
  allOf: Object.entries(FIELDS).map(([kind, [required, optional = {}]]) => ({
    if: { properties: { kind: { const: kind } } },
    then: object({ kind: { const: kind }, ...required }, { advisory: { const: true }, ...optional }),
  })),
}

const CLOCK = '([01]\\d|2[0-3]):[0-5]\\d'
const frozenTime = text(
  `^((Mon|Tue|Wed|Thu|Fri|Sat|Sun)|\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])) ${CLOCK}$`,
  'a time such as "Fri 16:00" or "2026-12-20 16:00"',
)

export const environmentGatesSchema = object(
  {},
  {
    approvals: count,
    separateChange: { type: 'boolean' },
    soak: duration,
    live: object({}, { errorRate: percentage, latencyP99: duration, during: duration, requests: count }),
    freeze: {
      type: 'array',
      items: object({ from: frozenTime, until: frozenTime, timeZone: words }, { reason: words }),
    },
    lineage: { type: 'array', items: words, minItems: 1, uniqueItems: true },
  },
)
