import { DATATYPES, modelInterfaceSchema } from 'modelyard-serving/contract'
import { promotionGateSchema, validationGateSchema } from './gate-schemas.ts'
import { INNER_PATH, PACKAGE_PATH } from './inner-path.ts'
import {
  cpu,
  duration,
  gpus,
  image,
  instant,
  label,
  memory,
  modelName,
  object,
  reference,
  replicas,
  resources,
  sha256,
  text,
  version,
  words,
} from './schema-parts.ts'

/** JSON Schemas of models, and of what machines write. */

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
    missingText: { type: 'string' },
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

export const modelSchema = object(
  {
    kind: { const: 'model' },
    name: modelName,
    owner: label,
    // None: a graph may be a constant, or draw random numbers.
    inputs: {
      type: 'object',
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
      availability: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, decimals: 9 },
    }),
    evaluation: object({ truth: words }, { positive: words, output: words }),
    gates: object(
      {},
      {
        validation: { type: 'array', items: validationGateSchema },
        promotion: { type: 'array', items: promotionGateSchema },
      },
    ),
  },
)

const bundleFileProperties = { sha256, size: { type: 'integer', minimum: 0 } }
const innerPath = text(`^${INNER_PATH}$`, 'a relative path without "." and ".."', 1024)
const bundlePath = text(
  `^(${PACKAGE_PATH}|(?!npm:)${INNER_PATH})$`,
  'a path in the folder of the model, or npm:<package>@<version>/<path>',
  1024,
)
const bundleFile = object(bundleFileProperties, { path: bundlePath })

export const versionSchema = object({
  model: modelName,
  version,
  bundle: object(
    { model: bundleFile },
    {
      externalData: {
        type: 'array',
        items: object({ name: innerPath, ...bundleFileProperties }, { path: bundlePath }),
      },
      goldenSamples: bundleFile,
      baseline: bundleFile,
    },
  ),
  interface: modelInterfaceSchema,
  runtime: object({
    opset: { type: 'object', additionalProperties: { type: 'integer', minimum: 1 }, minProperties: 1 },
    onnxruntime: words,
  }),
  evaluation: object(
    {
      dataset: object({ name: words }, { split: words, rows: { type: 'integer', minimum: 0 }, sha256 }),
      metrics: { type: 'object', additionalProperties: { type: 'number' } },
    },
    { measuredAt: instant },
  ),
  lineage: { type: 'object' },
})

/** A year. Numbers of a release have few digits, so that none can be varied until a digest fits. */
const MAX_MILLISECONDS = 31_536_000_000

export const releaseSchema = object({
  model: modelName,
  version,
  versionDigest: sha256,
  servingImage: image,
  settings: object({
    owner: label,
    resources: object({ cpu, memory, cpuLimit: cpu }, { gpu: gpus }),
    replicas,
    batching: object({
      maxSize: { type: 'integer', minimum: 1, maximum: 4096 },
      maxDelayMs: { type: 'number', minimum: 0, maximum: MAX_MILLISECONDS, decimals: 6 },
    }),
    slo: object({
      latencyP99Ms: { type: 'number', exclusiveMinimum: 0, maximum: MAX_MILLISECONDS, decimals: 6 },
      availability: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, decimals: 9 },
    }),
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
      { header: words, value: words, feature: words, salt: words },
    ),
  },
)
