import { cpu, memory, object, text, words } from './schema-parts.ts'

const name = text('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$', 'the name of an object')
const labels = { type: 'object', additionalProperties: { type: 'string', maxLength: 63 }, minProperties: 1 }
const peer = object({ namespace: name }, { labels })
const cidr = text(
  '^([0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}|[0-9a-f:]+:[0-9a-f:]*/[0-9]{1,3})$',
  'a CIDR such as 10.0.0.0/8',
)
const positive = { type: 'integer', minimum: 1 }
const tolerations = {
  type: 'array',
  items: object({ key: words }, { value: words, effect: { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] } }),
}

export const network = object(
  {},
  {
    from: {
      type: ['array', 'string'],
      if: { type: 'string' },
      then: { const: 'cluster' },
      else: { items: peer, minItems: 1 },
    },
    metricsFrom: { type: 'array', items: peer, minItems: 1 },
    to: {
      type: 'array',
      items: { type: ['string', 'object'], if: { type: 'string' }, then: cidr, else: peer },
      minItems: 1,
    },
  },
)

export const quota = object({ cpu, memory, pods: positive })
export const limits = object({ cpu, memory })

export const scheduling = object(
  {},
  {
    priorityClass: {
      type: ['string', 'object'],
      if: { type: 'string' },
      then: name,
      else: object({ name, value: { type: 'integer', minimum: 1, maximum: 1_000_000_000 } }),
    },
    nodeSelector: labels,
    tolerations,
    spread: { enum: ['required', 'preferred'] },
  },
)

export const gpu = object(
  {},
  {
    resource: text('^[a-z0-9.-]+/[A-Za-z0-9._-]+$', 'an extended resource such as nvidia.com/gpu'),
    nodeSelector: labels,
    tolerations,
  },
)

const kinds = {
  'workload-identity': object({ by: {} }, { aws: words, google: words, azure: words }),
  'external-secret': object(
    { by: {}, store: name, entry: words },
    { refresh: text('^[1-9][0-9]*[mh]$', 'a time such as 30m or 1h') },
  ),
  'sealed-secret': object({
    by: {},
    models: { type: 'object', additionalProperties: { type: 'object', additionalProperties: words, minProperties: 1 } },
  }),
}

export const credentials = {
  type: 'object',
  properties: { by: { enum: Object.keys(kinds) } },
  required: ['by'],
  allOf: Object.entries(kinds).map(([by, schema]) => ({ if: { properties: { by: { const: by } } }, then: schema })),
}

export const serverSwitches = object(
  {},
  {
    apiKeys: name,
    tls: name,
    managementPort: { type: 'boolean' },
    grpc: { type: 'boolean' },
    accessLog: { type: 'number', minimum: 0, maximum: 1 },
    preStopSleepSeconds: { type: 'integer', minimum: 1, maximum: 60 },
  },
)
