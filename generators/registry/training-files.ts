import { schemaCheck } from '../text/index.ts'

/** What a training writes beside the ONNX file, checked once here, at the boundary. */

const words = { type: 'string', minLength: 1 }
const scalar = { type: ['number', 'string', 'boolean'] }
const bins = {
  type: 'object',
  required: ['kind', 'counts', 'missing'],
  properties: {
    kind: { enum: ['number', 'category'] },
    edges: { type: 'array', items: { type: 'number' }, minItems: 2 },
    counts: {
      anyOf: [
        { type: 'array', items: { type: 'integer' } },
        { type: 'object', additionalProperties: { type: 'integer' } },
      ],
    },
    missing: { type: 'integer', minimum: 0 },
    importance: { type: 'number' },
  },
  additionalProperties: false,
}

const metricsSchema = {
  type: 'object',
  required: ['dataset', 'metrics'],
  properties: {
    dataset: {
      type: 'object',
      required: ['name'],
      properties: {
        name: words,
        split: words,
        rows: { type: 'integer' },
        sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      },
      additionalProperties: false,
    },
    metrics: { type: 'object', additionalProperties: { type: 'number' } },
    measuredAt: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T.*(Z|[+-]\\d{2}:\\d{2})$' },
  },
  additionalProperties: false,
}

const samplesSchema = {
  type: 'object',
  required: ['source', 'tolerance', 'samples'],
  properties: {
    source: words,
    tolerance: {
      type: 'object',
      required: ['relative', 'absolute'],
      properties: { relative: { type: 'number', minimum: 0 }, absolute: { type: 'number', minimum: 0 } },
      additionalProperties: false,
    },
    samples: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['id', 'outputs'],
        properties: {
          id: words,
          features: { type: 'object', additionalProperties: { type: ['number', 'string', 'null'] } },
          tensors: {
            type: 'object',
            additionalProperties: {
              type: 'object',
              required: ['shape', 'data'],
              properties: {
                shape: { type: 'array', items: { type: 'integer' } },
                data: { type: 'array', items: scalar },
              },
              additionalProperties: false,
            },
          },
          outputs: { type: 'object', minProperties: 1, additionalProperties: { type: 'array', items: scalar } },
        },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
}

const baselineSchema = {
  type: 'object',
  required: ['rows', 'features', 'outputs'],
  properties: {
    rows: { type: 'integer', minimum: 1 },
    features: { type: 'object', additionalProperties: bins },
    outputs: { type: 'object', additionalProperties: bins },
  },
  additionalProperties: false,
}

const RULE = 'training-file-invalid'

export const checkMetricsFile = schemaCheck(RULE, metricsSchema)
export const checkSamplesFile = schemaCheck(RULE, samplesSchema)
export const checkBaselineFile = schemaCheck(RULE, baselineSchema)
export const checkLineageFile = schemaCheck(RULE, { type: 'object', minProperties: 1 })
