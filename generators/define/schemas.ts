import { DATATYPES, modelInterfaceSchema } from 'modelyard-serving/contract'

/** JSON Schemas of what people and machines write, with the words that a message uses for each pattern. */

function object(required: Record<string, object>, optional: Record<string, object> = {}) {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  }
}

function text(pattern: string, description: string, maxLength = 253) {
  return { type: 'string', pattern, description, maxLength }
}

const NAME = '^[a-z]([a-z0-9-]*[a-z0-9])?$'
const NAME_WORDS = 'a name of lower-case letters, digits and "-" that starts with a letter'
const AMOUNT = '(?:\\d+(?:\\.\\d+)?|\\.\\d+)'
const words = { type: 'string', minLength: 1 }
const modelName = text(NAME, NAME_WORDS, 52)
const label = text('^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$', 'a Kubernetes label value', 63)
const cpu = text(`^(\\d+m|${AMOUNT})$`, 'a CPU quantity such as 250m or 2')
const memory = text('^\\d+(Ki|Mi|Gi)$', 'a memory quantity such as 256Mi or 1Gi')
const duration = text(`^${AMOUNT}(ms|s|m|h|d)$`, 'a duration such as 25ms, 30s or 24h')
const percentage = text(`^${AMOUNT}%$`, 'a percentage such as 2%')
const sha256 = text('^[0-9a-f]{64}$', 'a SHA-256 digest of 64 hexadecimal digits')
const image = text(
  '^[^\\s@]+@sha256:[0-9a-f]{64}$',
  'an image by digest, registry/name@sha256:<64 hexadecimal digits>',
  512,
)
const version = text('^\\d+\\.\\d+\\.\\d+$', 'a version of three parts such as 1.5.0')
const reference = text(
  '^\\d+\\.\\d+\\.\\d+(-[0-9a-f]{8})?$',
  'a version such as 1.5.0 or a release such as 1.5.0-8f3c2a9d',
)
const replicas = object({ min: { type: 'integer', minimum: 1 }, max: { type: 'integer', minimum: 1 } })
const resources = object({ cpu, memory }, { cpuLimit: cpu })

const shape = { type: 'array', items: { type: ['integer', 'string'], minimum: 0, minLength: 1 } }
const feature = object(
  { kind: { enum: ['number', 'category'] }, datatype: { enum: DATATYPES } },
  {
    description: words,
    unit: words,
    min: { type: 'number' },
    max: { type: 'number' },
    integer: { type: 'boolean' },
    missing: { type: 'boolean' },
    sensitive: { enum: ['drop', 'hash'] },
    example: { type: ['number', 'string'] },
    categories: {
      type: ['object', 'array'],
      additionalProperties: { type: 'number' },
      items: words,
      uniqueItems: true,
    },
  },
)
const featureMap = { type: 'object', additionalProperties: feature, minProperties: 1 }
const tensor = object(
  { datatype: { enum: DATATYPES }, shape },
  { labels: { type: 'array', items: words, uniqueItems: true }, unit: words, description: words },
)
const matrix = object({ matrix: { enum: ['float16', 'float32', 'float64'] }, features: featureMap })
/** An input called "columns" has a datatype, as text; a feature called "datatype" is an object. */
const namedInput = (field: string) => ({ required: [field], properties: { [field]: { type: 'string' } } })
const input = { type: 'object', if: { required: ['matrix'] }, then: matrix, else: tensor }

const threshold = object({
  kind: { const: 'threshold' },
  metric: words,
  comparison: { enum: ['at-least', 'at-most'] },
  value: { type: 'number' },
})
const champion = object({
  kind: { const: 'champion' },
  metric: words,
  better: { enum: ['higher', 'lower'] },
  tolerance: percentage,
})
const gate = {
  type: 'object',
  required: ['kind'],
  if: { properties: { kind: { const: 'threshold' } } },
  then: threshold,
  else: champion,
}

export const modelSchema = object(
  {
    kind: { const: 'model' },
    name: modelName,
    owner: label,
    inputs: {
      type: 'object',
      minProperties: 1,
      if: {
        required: ['columns'],
        properties: { columns: { type: 'object', not: { anyOf: [namedInput('datatype'), namedInput('matrix')] } } },
      },
      then: object({ columns: featureMap }),
      else: { additionalProperties: input },
    },
    outputs: { type: 'object', additionalProperties: tensor, minProperties: 1 },
  },
  {
    description: words,
    serving: object(
      {},
      {
        resources,
        replicas,
        batching: object({ maxSize: { type: 'integer', minimum: 1, maximum: 4096 } }, { maxDelay: duration }),
        strict: { type: 'boolean' },
      },
    ),
    slo: object({
      latencyP99: duration,
      availability: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    }),
    gates: object({}, { validation: { type: 'array', items: threshold }, promotion: { type: 'array', items: gate } }),
  },
)

const storeBases = {
  https: text('^https://.*[^/]$', 'an https:// address without a slash at the end'),
  files: text('^/.*[^/]$', 'an absolute folder without a slash at the end'),
  s3: text('^[a-z0-9][a-z0-9.-]+(/[^/]+)*$', 'a bucket, or a bucket and a prefix, such as models/production'),
  oci: text('^[^/@\\s]+(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$', 'a repository such as registry.example.com/models'),
  mlflow: text('^[A-Za-z0-9_][^/]*(/[^/]+)*$', 'a path below the artifacts of the server, such as models'),
}

const artifactStore = {
  ...object(
    { kind: { enum: Object.keys(storeBases) }, base: { type: 'string' } },
    {
      endpoint: text('^https?://[^/@\\s]+(/\\S*)?$', 'the address of a server, https://...'),
      region: text('^[a-z]{2}[a-z0-9-]*$', 'a region such as eu-west-1', 63),
      secret: text('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$', 'the name of a Secret'),
      claim: text('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$', 'the name of a PersistentVolumeClaim'),
    },
  ),
  allOf: Object.entries(storeBases).map(([kind, base]) => ({
    if: { properties: { kind: { const: kind } } },
    then: { properties: { base }, ...(kind === 'files' && { required: ['claim'] }) },
  })),
}

const predictionLog = object(
  { sink: text('^https?://[^/?#@\\s]+([/?]\\S*)?$', 'an address without a password, https://...') },
  {
    format: { enum: ['json', 'cloudevents', 'cloudevents-batch'] },
    sampleRate: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    redact: { type: 'object', additionalProperties: { enum: ['drop', 'hash'] } },
    secret: object(
      {
        name: text('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$', 'the name of a Secret'),
        keys: { type: 'array', items: { enum: ['salt', 'token'] }, minItems: 1, uniqueItems: true },
      },
      {},
    ),
  },
)

export const environmentSchema = object(
  {
    kind: { const: 'environment' },
    name: text(NAME, NAME_WORDS, 20),
    revision: { enum: [1] },
    cluster: object({ name: words, server: text('^https?://', 'the address of an API server, https://...') }),
    namespace: text(NAME, NAME_WORDS, 63),
    artifacts: artifactStore,
    argocd: object({ repoURL: words }, { targetRevision: words, namespace: words }),
  },
  {
    description: words,
    promotesFrom: { type: 'object' },
    servingImage: image,
    traffic: object({ engine: { const: 'server-split' } }),
    autoscaling: object(
      { engine: { const: 'hpa' }, cpu: { type: 'integer', minimum: 1 } },
      { memory: { type: 'integer', minimum: 1 } },
    ),
    predictionLog,
    gates: object({}, { approvals: { type: 'integer', minimum: 0 } }),
    overrides: { type: 'array', items: object({ model: modelName }, { replicas, resources }) },
  },
)

const bundleFileProperties = { sha256, size: { type: 'integer', minimum: 0 } }
const bundleFile = object(bundleFileProperties, { path: words })

export const versionSchema = object({
  model: modelName,
  version,
  bundle: object(
    { model: bundleFile },
    {
      externalData: { type: 'array', items: object({ name: words, ...bundleFileProperties }, { path: words }) },
      goldenSamples: bundleFile,
      baseline: bundleFile,
    },
  ),
  interface: modelInterfaceSchema,
  runtime: object({
    opset: { type: 'object', additionalProperties: { type: 'integer', minimum: 1 }, minProperties: 1 },
    onnxruntime: words,
  }),
  evaluation: object({
    dataset: object({ name: words }, { split: words, rows: { type: 'integer', minimum: 0 }, sha256 }),
    metrics: { type: 'object', additionalProperties: { type: 'number' } },
  }),
  lineage: { type: 'object' },
})

export const releaseSchema = object({
  model: modelName,
  version,
  versionDigest: sha256,
  servingImage: image,
  settings: object({
    owner: label,
    resources: object({ cpu, memory, cpuLimit: cpu }),
    replicas,
    batching: object({
      maxSize: { type: 'integer', minimum: 1 },
      maxDelayMs: { type: 'number', minimum: 0 },
    }),
    slo: object({ latencyP99Ms: { type: 'number', exclusiveMinimum: 0 }, availability: { type: 'number' } }),
    strict: { type: 'boolean' },
  }),
})

export const pinSchema = object(
  { stable: reference },
  {
    candidate: object(
      {
        release: reference,
        mode: { enum: ['canary', 'ab', 'shadow'] },
        weight: { type: 'number', minimum: 0, maximum: 100 },
      },
      { header: words, feature: words, salt: words },
    ),
  },
)
