import type { LoadedVersion } from '../../models/index.ts'
import { componentName, type Paths, ref } from './components.ts'
import { exampleInference, exampleRecords } from './examples.ts'
import { addFeedback } from './feedback.ts'
import { addBatch, addKserve, addMlflow } from './other-protocols.ts'
import { bodyProblems, json, MODEL_PROBLEMS, SHARED_SCHEMAS, STATISTICS, VERSION_HEADERS } from './responses.ts'
import {
  inferenceRequestSchema,
  inferenceResponseSchema,
  predictionSchema,
  recordSchema,
  type Schema,
} from './schema.ts'
import { addServer } from './server-paths.ts'

/** What the document says of one model: the stable version, and every version that can be asked for by its path. */
export interface DocumentedModel {
  stable: LoadedVersion
  versions: LoadedVersion[]
}

/**
 * The OpenAPI 3.1 document of the models that answer. Each model has paths of its own, so that its features, units, ranges
 * and categories are schemas; `/predict` without a model is described where there is one model only.
 */
export function openApiDocument(models: readonly DocumentedModel[]) {
  const paths: Paths = {}
  const schemas: Record<string, Schema> = { ...SHARED_SCHEMAS }
  for (const { stable, versions } of models) {
    const only = models.length === 1
    addNamed(paths, schemas, stable, only)
    addBatch(paths, schemas, stable, only)
    addInference(paths, schemas, stable)
    addFeedback(paths, schemas, [stable, ...versions], only)
    for (const version of versions) addInference(paths, schemas, version, version.served.name)
    addKserve(paths, stable)
    addMlflow(paths, stable, only)
  }
  addServer(paths)
  const names = models.map(({ stable }) => stable.model)
  return {
    openapi: '3.1.0',
    info: {
      title: names.length === 1 ? `${names[0]}` : 'Model server',
      version: models.length === 1 ? `${models[0]?.stable.served.name}` : '1',
      description:
        'Predictions over HTTP. What a version that is not strict does not know (unknown fields, numbers out of range, unseen categories) is counted, not refused.',
    },
    tags: [...names.map((name) => ({ name })), { name: 'server', description: 'Health, metadata and metrics' }],
    paths,
    components: { schemas },
  }
}

function addNamed(paths: Paths, schemas: Record<string, Schema>, version: LoadedVersion, only: boolean): void {
  const { model, served, encode, examples } = version
  if (encode === null) return
  const record = componentName(model, 'record')
  const prediction = componentName(model, 'prediction')
  schemas[record] = recordSchema(served)
  schemas[prediction] = predictionSchema(served.interface)
  const from = { model: { type: 'string' }, version: { type: 'string' } }
  const fixed = served.interface.inputs.map(({ shape }) => shape[0]).find((size) => typeof size === 'number')
  const list = {
    type: 'array',
    items: ref(record),
    minItems: fixed ?? 1,
    ...(fixed !== undefined && { maxItems: fixed }),
  }
  const body = fixed === undefined || fixed === 1 ? { anyOf: [ref(record), list] } : list
  const samples = exampleRecords(served.interface, examples)
  const named = samples.map(({ id, record: value }) => [
    id,
    { value: fixed === undefined || fixed === 1 ? value : [value] },
  ])
  const operation = (operationId: string) => ({
    operationId,
    tags: [model],
    summary: `Predict from named features`,
    description: `Send one record, or a list of records.${served.strict ? ' This version is strict.' : ''}`,
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: body, ...(named.length > 0 && { examples: Object.fromEntries(named) }) },
      },
    },
    responses: {
      '200': {
        ...json('one prediction for a record, a list of them for a list', {
          anyOf: [
            {
              type: 'object',
              required: ['model', 'version', 'prediction'],
              properties: { ...from, prediction: ref(prediction) },
            },
            {
              type: 'object',
              required: ['model', 'version', 'predictions'],
              properties: { ...from, predictions: { type: 'array', items: ref(prediction) } },
            },
          ],
        }),
        headers: VERSION_HEADERS,
      },
      ...bodyProblems('422'),
    },
  })
  paths[`/models/${encodeURIComponent(model)}/predict`] = { post: operation(`${componentName(model, 'predict')}`) }
  if (only) paths['/predict'] = { post: operation('predict') }
}

function addInference(paths: Paths, schemas: Record<string, Schema>, version: LoadedVersion, name?: string): void {
  const { model, served, examples } = version
  const path = `/v2/models/${encodeURIComponent(model)}${name === undefined ? '' : `/versions/${encodeURIComponent(name)}`}`
  const key = name === undefined ? model : `${model}-${name}`
  const request = componentName(key, 'inference-request')
  const response = componentName(key, 'inference-response')
  schemas[request] = inferenceRequestSchema(served.interface)
  schemas[response] = inferenceResponseSchema(served.interface)
  const which = name === undefined ? '' : ` of version ${name}`
  paths[`${path}/infer`] = {
    post: {
      operationId: componentName(key, 'infer'),
      tags: [model],
      summary: `Infer from tensors${which}`,
      description: 'Open Inference Protocol V2. The length of `data` is the product of `shape`.',
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: ref(request),
            examples: { sample: { value: exampleInference(served.interface, examples) } },
          },
        },
      },
      responses: {
        '200': { ...json('the output tensors', ref(response)), headers: VERSION_HEADERS },
        ...bodyProblems('400'),
      },
    },
  }
  const tensors = { type: 'array', items: { type: 'object', required: ['name', 'datatype', 'shape'] } }
  const metadata = {
    type: 'object',
    required: ['name', 'platform', 'inputs', 'outputs'],
    properties: {
      name: { const: model },
      versions: { type: 'array', items: { type: 'string' } },
      platform: { type: 'string' },
      inputs: tensors,
      outputs: tensors,
    },
  }
  paths[path] = {
    get: {
      operationId: componentName(key, 'metadata'),
      tags: [model],
      summary: `Inputs and outputs${which}`,
      responses: { '200': json('names, datatypes and shapes', metadata), ...MODEL_PROBLEMS },
    },
  }
  const ready = {
    type: 'object',
    required: ['name', 'ready'],
    properties: { name: { const: model }, ready: { type: 'boolean' } },
  }
  paths[`${path}/stats`] = {
    get: {
      operationId: componentName(key, 'statistics'),
      tags: [model],
      summary: `Counts and times since the start${which}`,
      responses: { '200': json('as Triton writes them', STATISTICS), ...MODEL_PROBLEMS },
    },
  }
  paths[`${path}/ready`] = {
    get: {
      operationId: componentName(key, 'ready'),
      tags: [model],
      summary: `Readiness${which}`,
      responses: {
        '200': json('it answers', ready),
        '404': MODEL_PROBLEMS['404'],
        '503': json('it does not answer', ready),
      },
    },
  }
}
