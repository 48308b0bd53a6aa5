import { namedFeatures } from '../../contract/index.ts'
import type { LoadedVersion } from '../../models/index.ts'
import { componentName, type Paths, ref } from './components.ts'
import { exampleInference, exampleRecords, nestedExample } from './examples.ts'
import { bodyProblems, json, MODEL_PROBLEMS, VERSION_HEADERS } from './responses.ts'
import type { Schema } from './schema.ts'

/** Rows for tensors: a row may be written in more ways than a schema should list, and the examples show them. */
const RAW_ROWS: Schema = {
  type: 'array',
  minItems: 1,
  items: { type: ['object', 'array', 'number', 'string', 'boolean'] },
  description: 'a row each: a record, or a list of values',
}

/** Rows of named features: a record by feature or by input, a list of all values, or the only value. */
function rowsSchema({ encode, served }: LoadedVersion): Schema {
  if (encode === null) return RAW_ROWS
  const features = namedFeatures(served.interface)
  const { length } = features
  const needed = features.some(({ missing }) => !missing) ? 1 : 0
  const row = [
    { type: 'object', minProperties: needed },
    { type: 'array', minItems: length, maxItems: length },
    ...(length === 1 ? [{ type: ['number', 'string', 'boolean'] }] : []),
  ]
  return { ...RAW_ROWS, items: { anyOf: row } }
}

const FROM = { model: { type: 'string' }, version: { type: 'string' } }

/** Batches in which some records may be wrong; for models with named features that take any number of records, or one. */
export function addBatch(paths: Paths, schemas: Record<string, Schema>, version: LoadedVersion, only: boolean): void {
  const { model, served, encode, examples } = version
  const fixed = served.interface.inputs.map(({ shape }) => shape[0]).find((size) => typeof size === 'number')
  if (encode === null || (fixed ?? 1) !== 1) return
  const errors = componentName(model, 'batch-errors')
  schemas[errors] = {
    type: 'array',
    items: {
      type: 'object',
      required: ['index', 'error', 'details'],
      properties: { index: { type: 'integer', minimum: 0 }, error: { type: 'string' }, details: { type: 'array' } },
    },
  }
  const records = exampleRecords(served.interface, examples).map(({ record }) => record)
  const list = {
    type: 'array',
    minItems: 1,
    contains: ref(componentName(model, 'record')),
    description: `records as in ${componentName(model, 'record')}`,
  }
  const prediction = { anyOf: [ref(componentName(model, 'prediction')), { type: 'null' }] }
  const operation = (operationId: string) => ({
    operationId,
    tags: [model],
    summary: 'Predict a batch in which some records may be wrong',
    description: 'Each record is answered by itself: a wrong one has null for its prediction and an entry in `errors`.',
    requestBody: jsonBody(
      {
        anyOf: [
          list,
          { type: 'object', required: ['instances'], properties: { instances: list }, additionalProperties: false },
        ],
      },
      records.length === 0 ? {} : { records },
    ),
    responses: {
      '200': {
        ...json('a prediction or null for each record', {
          type: 'object',
          required: ['model', 'version', 'predictions', 'rejected', 'errors'],
          properties: {
            ...FROM,
            predictions: { type: 'array', items: prediction },
            rejected: { type: 'integer', description: 'how many have no prediction' },
            errors: ref(errors),
          },
        }),
        headers: VERSION_HEADERS,
      },
      ...bodyProblems('422'),
    },
  })
  paths[`/models/${encodeURIComponent(model)}/batch-predict`] = {
    post: operation(componentName(model, 'batch-predict')),
  }
  if (only) paths['/batch-predict'] = { post: operation('batch-predict') }
}

/** KServe V1. */
export function addKserve(paths: Paths, version: LoadedVersion): void {
  const { model } = version
  const path = `/v1/models/${encodeURIComponent(model)}`
  paths[path] = {
    get: {
      operationId: componentName(model, 'v1-ready'),
      tags: [model],
      summary: 'Readiness (KServe V1)',
      responses: {
        '200': json('it answers', {
          type: 'object',
          required: ['name', 'ready'],
          properties: { name: { const: model }, ready: { const: true } },
        }),
        ...MODEL_PROBLEMS,
      },
    },
  }
  const { records, tensors, values } = examplesOf(version)
  paths[`${path}:predict`] = {
    post: {
      operationId: componentName(model, 'v1-predict'),
      tags: [model],
      summary: 'Predict from instances or inputs (KServe V1)',
      description: `\`instances\` has a row each, \`inputs\` columns or tensors by name. ${featureNames(version)}`,
      requestBody: jsonBody(
        {
          type: 'object',
          properties: {
            instances: rowsSchema(version),
            inputs: { description: 'by feature or input, or the only tensor' },
          },
          oneOf: [{ required: ['instances'] }, { required: ['inputs'] }],
        },
        records.length === 0
          ? { tensors: { inputs: tensors } }
          : { records: { instances: records }, rows: { instances: values }, tensors: { inputs: tensors } },
      ),
      responses: {
        '200': {
          ...json('a prediction each, or for `inputs` the outputs', {
            type: 'object',
            required: ['predictions'],
            properties: { predictions: { type: ['array', 'object', 'number', 'string', 'boolean', 'null'] } },
          }),
          headers: VERSION_HEADERS,
        },
        ...bodyProblems('400'),
      },
    },
  }
}

/** MLflow's scoring protocol. */
export function addMlflow(paths: Paths, version: LoadedVersion, only: boolean): void {
  const { model, encode, served } = version
  const { records, tensors, values } = examplesOf(version)
  const columns = encode === null ? [] : namedFeatures(served.interface).map(({ name }) => name)
  const formats = ['dataframe_split', 'dataframe_records', 'instances', 'inputs']
  const schema = {
    type: 'object',
    properties: {
      dataframe_split: {
        type: 'object',
        required: ['data'],
        properties: {
          columns: { type: ['array', 'null'], items: { type: ['string', 'number'] }, uniqueItems: true },
          index: { type: ['array', 'null'] },
          data: { type: 'array', minItems: 1 },
        },
        additionalProperties: false,
      },
      dataframe_records: { type: 'array', minItems: 1, items: { type: 'object' } },
      instances: rowsSchema(version),
      inputs: { type: ['array', 'object'], description: 'by feature or input, or rows' },
      params: { type: ['object', 'null'], description: 'changes nothing: a graph has no parameters' },
    },
    additionalProperties: false,
    oneOf: formats.map((format) => ({ required: [format] })),
  }
  const named = {
    dataframe_split: { dataframe_split: { columns, data: values } },
    records: { dataframe_records: records },
  }
  const body = jsonBody(schema, { ...(records.length > 0 && named), tensors: { inputs: tensors } })
  const csv = [columns, ...values].map((row) => row.map(csvField).join(',')).join('\n')
  const operation = (operationId: string) => ({
    operationId,
    tags: [model],
    summary: 'Predict from a data frame or tensors (MLflow)',
    description: `A data frame is answered with an object a row, tensors with an object of outputs. ${featureNames(version)}`,
    requestBody: {
      ...body,
      content: {
        ...body.content,
        'text/csv': {
          schema: { type: 'string', minLength: 1, pattern: '\\S' },
          ...(records.length > 0 && { examples: { rows: { value: csv } } }),
        },
      },
    },
    responses: {
      '200': {
        ...json('predictions', {
          type: 'object',
          required: ['predictions'],
          properties: { predictions: { type: ['array', 'object'] } },
        }),
        headers: VERSION_HEADERS,
      },
      ...bodyProblems('400'),
    },
  })
  paths[`/models/${encodeURIComponent(model)}/invocations`] = { post: operation(componentName(model, 'invocations')) }
  if (only) paths['/invocations'] = { post: operation('invocations') }
}

function examplesOf({ served, encode, examples }: LoadedVersion) {
  const tensors = nestedExample(exampleInference(served.interface, examples))
  if (encode === null) return { records: [], values: [], tensors }
  const features = namedFeatures(served.interface)
  // One, so that a model with a fixed first dimension of 1 takes it too.
  const records = exampleRecords(served.interface, examples)
    .slice(0, 1)
    .map(({ record }) => record)
  return { records, values: records.map((record) => features.map(({ name }) => record[name] ?? null)), tensors }
}

function featureNames({ encode, served }: LoadedVersion): string {
  if (encode === null) return `Inputs: ${served.interface.inputs.map(({ name }) => name).join(', ')}.`
  return `Features, in this order: ${namedFeatures(served.interface)
    .map(({ name }) => name)
    .join(', ')}.`
}

function jsonBody(schema: Schema, examples: Record<string, unknown>) {
  const entries = Object.entries(examples).map(([name, value]) => [name, { value }])
  return {
    required: true,
    content: {
      'application/json': { schema, ...(entries.length > 0 && { examples: Object.fromEntries(entries) }) },
    },
  }
}

function csvField(value: unknown): string {
  const text = value === null ? '' : String(value)
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
