import { cpu, duration, memory, object, text, words } from './schema-parts.ts'

const percent = { type: 'integer', minimum: 1, maximum: 1000 }
const rate = { type: 'number', exclusiveMinimum: 0 }
export const address = text('^https?://[^/?#@\\s]+(/\\S*)?$', 'an address without a password, https://...')

const engines = {
  hpa: object({ engine: {} }, { cpu: percent, memory: percent, requestsPerSecond: rate }),
  keda: object(
    { engine: {}, prometheus: address },
    { latencyP95: duration, requestsPerSecond: rate, cpu: percent, cooldown: duration },
  ),
}

export const autoscaling = {
  type: 'object',
  properties: { engine: { enum: Object.keys(engines) } },
  required: ['engine'],
  allOf: Object.entries(engines).map(([engine, schema]) => ({
    if: { properties: { engine: { const: engine } } },
    then: schema,
  })),
}

const cron = text('^(\\S+ ){4}\\S+$', 'a cron expression of five fields, such as 0 7 * * 1-5')
export const scaleToZero = {
  type: 'object',
  if: { required: ['wakeOn'] },
  then: object({ wakeOn: words }),
  else: object({
    start: cron,
    end: cron,
    timezone: text('^[A-Za-z_]+(/[A-Za-z_+-]+)*$', 'a time zone such as Europe/Berlin'),
  }),
}

export const verticalScaling = object(
  {},
  { mode: { enum: ['Off', 'InPlaceOrRecreate', 'Recreate'] }, max: object({ cpu, memory }) },
)
