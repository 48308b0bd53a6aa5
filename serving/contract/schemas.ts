import { CONFIGURATION_API_VERSION } from './configuration.ts'
import { DATATYPES } from './interface.ts'

/** JSON Schemas (draft 2020-12 vocabulary that ajv's default draft-07 also reads) of the documents in this folder. */

const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$', description: '64 lower-case hexadecimal digits' }
const name = { type: 'string', minLength: 1 }

function object(properties: Record<string, object>, optional: string[] = []) {
  const required = Object.keys(properties).filter((key) => !optional.includes(key))
  return { type: 'object', properties, required, additionalProperties: false }
}

const contentProperties = {
  address: {
    type: 'string',
    pattern: '^((file|https?|s3|oci)://|mlflow-artifacts:/)',
    description: 'an address that begins with file://, https://, http://, s3://, oci:// or mlflow-artifacts:/',
  },
  sha256,
  size: { type: 'integer', minimum: 0 },
}

const shape = {
  type: 'array',
  items: { anyOf: [{ type: 'integer', minimum: 0 }, name] },
}

const redaction = { enum: ['drop', 'hash'] }

const column = object(
  {
    name,
    kind: { enum: ['number', 'category'] },
    description: { type: 'string' },
    unit: { type: 'string' },
    min: { type: 'number' },
    max: { type: 'number' },
    integer: { type: 'boolean' },
    missing: { type: 'boolean' },
    missingText: { type: 'string' },
    categories: {
      anyOf: [
        { type: 'object', additionalProperties: { type: 'number' }, minProperties: 1 },
        { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true },
      ],
    },
    sensitive: redaction,
    example: { type: ['number', 'string'] },
  },
  ['description', 'unit', 'min', 'max', 'integer', 'missing', 'missingText', 'categories', 'sensitive', 'example'],
)

/** Schema of `ModelInterface`; a version file holds one too. */
export const modelInterfaceSchema = object({
  // None: a graph may be a constant, or draw random numbers.
  inputs: {
    type: 'array',
    items: object(
      {
        name,
        datatype: { enum: DATATYPES },
        shape,
        columns: { type: 'array', items: column, minItems: 1 },
      },
      ['columns'],
    ),
  },
  outputs: {
    type: 'array',
    minItems: 1,
    items: object(
      {
        name,
        datatype: { enum: DATATYPES },
        shape,
        labels: { type: 'array', items: name },
        unit: { type: 'string' },
        description: { type: 'string' },
      },
      ['labels', 'unit', 'description'],
    ),
  },
})

const positive = { type: 'integer', minimum: 1 }
const queue = object({ requests: positive, rows: positive, maxWaitMs: positive, timeoutMs: positive }, [
  'requests',
  'rows',
  'maxWaitMs',
  'timeoutMs',
])

const predictionLogChoice = {
  // A password in an address would end in a ConfigMap: the token has a file of its own.
  sink: {
    type: 'string',
    pattern: '^(file:///|https?://[^/?#@]+([/?]|$))',
    description: 'file:///<path>, https://<host> or http://<host>, without credentials',
  },
  format: { enum: ['json', 'cloudevents', 'cloudevents-batch'] },
  sampleRate: { type: 'number', minimum: 0, maximum: 1 },
  redact: { type: 'object', additionalProperties: redaction },
}
const predictionLogSettings = {
  ...predictionLogChoice,
  saltFile: name,
  tokenFile: name,
  maxEventBytes: { type: 'integer', minimum: 1024 },
  bufferBytes: { type: 'integer', minimum: 1024 },
  batchBytes: positive,
  flushMs: positive,
  files: object({ maxBytes: { type: 'integer', minimum: 1024 }, count: positive }, ['maxBytes', 'count']),
}

const servedVersion = object(
  {
    name,
    release: name,
    artifact: object({
      ...contentProperties,
      externalData: { type: 'array', items: object({ ...contentProperties, path: name }) },
    }),
    goldenSamples: object(contentProperties),
    baseline: object(contentProperties),
    interface: modelInterfaceSchema,
    batching: object({
      maxSize: { type: 'integer', minimum: 1 },
      maxDelayMs: { type: 'number', minimum: 0 },
    }),
    strict: { type: 'boolean' },
    queue,
    predictionLog: object(predictionLogChoice, Object.keys(predictionLogChoice)),
    card: object(
      {
        owner: name,
        description: name,
        metrics: { type: 'object', additionalProperties: { type: 'number' } },
        lineage: { type: 'object', additionalProperties: { type: 'string' } },
      },
      ['owner', 'description', 'metrics', 'lineage'],
    ),
  },
  ['release', 'goldenSamples', 'baseline', 'queue', 'predictionLog', 'card'],
)

export const bootConfigurationSchema = object({
  apiVersion: { const: CONFIGURATION_API_VERSION },
  server: object(
    {
      port: { type: 'integer', minimum: 0, maximum: 65535 },
      grpcPort: { type: 'integer', minimum: 0, maximum: 65535 },
      managementPort: { type: 'integer', minimum: 0, maximum: 65535 },
      authentication: object(
        { keys: name, protect: { type: 'array', items: { enum: ['probes', 'metrics'] }, uniqueItems: true } },
        ['protect'],
      ),
      tls: object({ certificateFile: name, keyFile: name, clientCertificateAuthorityFile: name }, [
        'clientCertificateAuthorityFile',
      ]),
      accessLog: { type: 'number', minimum: 0, maximum: 1 },
      threads: { type: 'integer', minimum: 1 },
      bodyLimit: { type: 'integer', minimum: 1024 },
      drain: object({
        delaySeconds: { type: 'number', minimum: 0 },
        timeoutSeconds: { type: 'number', minimum: 0 },
      }),
      artifacts: object({ certificateAuthorityFile: name }, ['certificateAuthorityFile']),
      executionProviders: { type: 'array', items: name, minItems: 1 },
      maxConnections: positive,
      receive: object(
        {
          headersSeconds: { type: 'number', exclusiveMinimum: 0 },
          requestSeconds: { type: 'number', exclusiveMinimum: 0 },
          idleSeconds: { type: 'number', exclusiveMinimum: 0 },
        },
        ['headersSeconds', 'requestSeconds', 'idleSeconds'],
      ),
      queue,
      predictionLog: object(predictionLogSettings, Object.keys(predictionLogSettings)),
    },
    [
      ...['accessLog', 'artifacts', 'authentication', 'executionProviders', 'grpcPort', 'managementPort'],
      ...['maxConnections', 'predictionLog', 'queue', 'receive', 'tls'],
    ],
  ),
  models: {
    type: 'array',
    minItems: 1,
    items: object({
      name,
      stable: name,
      versions: { type: 'array', minItems: 1, items: servedVersion },
      slo: object({ latencyP99Ms: { type: 'number', exclusiveMinimum: 0 } }),
    }),
  },
})

export const routingConfigurationSchema = object({
  apiVersion: { const: CONFIGURATION_API_VERSION },
  models: {
    type: 'array',
    items: object({
      name,
      versions: { type: 'array', items: servedVersion },
      candidate: {
        anyOf: [
          { type: 'null' },
          object(
            {
              version: name,
              mode: { enum: ['canary', 'ab', 'shadow'] },
              weight: { type: 'number', minimum: 0, maximum: 100 },
              header: name,
              feature: name,
              salt: name,
              address: name,
            },
            ['header', 'feature', 'salt', 'address'],
          ),
        ],
      },
    }),
  },
})

const scalar = { type: ['number', 'string', 'boolean'] }

/** Schema of `GoldenSamples`: `samples.json`. */
export const goldenSamplesSchema = object({
  source: name,
  tolerance: object({ relative: { type: 'number', minimum: 0 }, absolute: { type: 'number', minimum: 0 } }),
  samples: {
    type: 'array',
    items: object(
      {
        id: name,
        features: { type: 'object', additionalProperties: { type: ['number', 'string', 'null'] } },
        tensors: {
          type: 'object',
          additionalProperties: object({
            shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
            data: { type: 'array', items: scalar },
          }),
        },
        outputs: { type: 'object', additionalProperties: { type: 'array', items: scalar } },
      },
      ['features', 'tensors'],
    ),
  },
})

const count = { type: 'integer', minimum: 0 }
const bins = {
  anyOf: [
    object(
      {
        kind: { const: 'number' },
        edges: { type: 'array', items: { type: 'number' }, minItems: 2 },
        counts: { type: 'array', items: count, minItems: 1 },
        missing: count,
        importance: { type: 'number' },
      },
      ['importance'],
    ),
    object(
      {
        kind: { const: 'category' },
        counts: { type: 'object', additionalProperties: count },
        missing: count,
        importance: { type: 'number' },
      },
      ['importance'],
    ),
  ],
}

/** Schema of `Baseline`: `baseline.json`. That a number has one edge more than counts is for the reader to check. */
export const baselineSchema = object({
  rows: { type: 'integer', minimum: 1 },
  features: { type: 'object', additionalProperties: bins },
  outputs: { type: 'object', additionalProperties: bins },
})
