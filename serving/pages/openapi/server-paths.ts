import { POD } from '../../contract/index.ts'
import type { Paths } from './components.ts'
import { json, STATISTICS, UNREADABLE } from './responses.ts'
import type { Schema } from './schema.ts'

/** What belongs to no model: health, metadata, metrics, and lists of the models. */
export function addServer(paths: Paths): void {
  const flags = (...names: string[]): Schema => ({
    type: 'object',
    required: names,
    properties: Object.fromEntries(names.map((name) => [name, { type: 'boolean' }])),
  })
  const get = (operationId: string, summary: string, responses: object) => ({
    get: { operationId, tags: ['server'], summary, responses },
  })
  paths['/v2'] = get('server-metadata', 'Server metadata (Open Inference Protocol V2)', {
    '200': json('name, version and extensions', { type: 'object', required: ['name', 'version', 'extensions'] }),
  })
  paths['/v2/health/live'] = get('server-live', 'Liveness (Open Inference Protocol V2)', {
    '200': json('it lives', flags('live')),
  })
  paths['/v2/health/ready'] = get('server-ready', 'Readiness (Open Inference Protocol V2)', {
    '200': json('a model answers', flags('ready')),
    '503': json('no model answers', flags('ready')),
  })
  paths[POD.livenessPath] = get('livez', 'Liveness', { '200': json('it lives', flags('live')) })
  paths[POD.startupPath] = get('startupz', 'Startup', {
    '200': json('loading has ended', flags('started')),
    '503': json('models are loading', flags('started')),
  })
  paths[POD.readinessPath] = get('readyz', 'Readiness with the state of each model', {
    '200': json('a model answers', flags('ready', 'draining')),
    '503': json('no model answers, or the server is about to stop', flags('ready', 'draining')),
  })
  paths[POD.metricsPath] = get('metrics', 'Prometheus metrics', {
    '200': { description: 'text exposition format', content: { 'text/plain': { schema: { type: 'string' } } } },
  })
  const models = { type: 'array', items: { type: 'object', required: ['name', 'state', 'versions'] } }
  paths['/models'] = get('models', 'The models, and the versions of each that answer', {
    '200': json('states of the models', { type: 'object', required: ['models'], properties: { models } }),
  })
  paths['/v1/models'] = get('v1-models', 'Names of the models (KServe V1)', {
    '200': json('names', {
      type: 'object',
      required: ['models'],
      properties: { models: { type: 'array', items: { type: 'string' } } },
    }),
  })
  paths['/v2/models/stats'] = get('statistics', 'Counts and times of all models since the start', {
    '200': json('as Triton writes them', STATISTICS),
  })
  paths['/v2/repository/index'] = { post: repositoryIndex() }
  const plain = { content: { 'text/plain': { schema: { type: 'string' } } } }
  for (const path of ['/ping', '/health']) {
    paths[path] = get(path.slice(1), 'Readiness (MLflow)', {
      '200': { description: 'a model answers', ...plain },
      '503': { description: 'no model answers', ...plain },
    })
  }
  paths['/version'] = get('version', 'Version of this server (MLflow)', {
    '200': { description: 'three numbers', ...plain },
  })
}

function repositoryIndex(): object {
  const entry = {
    type: 'object',
    required: ['name', 'state'],
    properties: {
      name: { type: 'string' },
      version: { type: 'string' },
      state: { enum: ['READY', 'LOADING', 'UNAVAILABLE'] },
      reason: { type: 'string' },
    },
  }
  return {
    operationId: 'repository-index',
    tags: ['server'],
    summary: 'The versions that answer, and the models that do not (Triton)',
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', properties: { ready: { type: 'boolean', description: 'only those that answer' } } },
          examples: { all: { value: {} } },
        },
      },
    },
    responses: { '200': json('versions', { type: 'array', items: entry }), ...UNREADABLE },
  }
}
