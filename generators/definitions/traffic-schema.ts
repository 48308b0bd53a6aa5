import { address } from './autoscaling-schema.ts'
import { duration, object, text } from './schema-parts.ts'

const DNS_NAME = '[a-z0-9]([a-z0-9-]*[a-z0-9])?'
const host = text(`^(\\{model\\}\\.)?${DNS_NAME}(\\.${DNS_NAME})*$`, 'a host such as predictions.example.com')
const weight = { type: 'number', minimum: 0, maximum: 100 }

const gatewayRoute = {
  required: {
    gateway: text(`^${DNS_NAME}/${DNS_NAME}$`, 'a Gateway as namespace/name'),
    host,
  },
  optional: { listener: text(`^${DNS_NAME}$`, 'the name of a listener', 63) },
}

/** Schemas of the engines, by their name. */
const engines = {
  'server-split': object({ engine: {} }),
  'gateway-api': object({ engine: {}, ...gatewayRoute.required }, gatewayRoute.optional),
  replicas: object({ engine: {}, total: { type: 'integer', minimum: 1 } }),
  rollouts: object(
    { engine: {}, steps: { type: 'array', items: object({ weight }, { pause: duration }), minItems: 1 } },
    {
      analysis: object({ prometheus: address }),
      route: object(gatewayRoute.required, gatewayRoute.optional),
    },
  ),
}

export const trafficEngine = {
  type: 'object',
  properties: { engine: { enum: Object.keys(engines) } },
  required: ['engine'],
  allOf: Object.entries(engines).map(([engine, schema]) => ({
    if: { properties: { engine: { const: engine } } },
    then: schema,
  })),
}

export const ingress = object(
  {
    className: text(`^${DNS_NAME}(\\.${DNS_NAME})*$`, 'the name of an IngressClass'),
    host,
    secret: text(`^${DNS_NAME}(\\.${DNS_NAME})*$`, 'the name of a Secret'),
  },
  { issuer: text(`^${DNS_NAME}(\\.${DNS_NAME})*$`, 'the name of a ClusterIssuer') },
)
