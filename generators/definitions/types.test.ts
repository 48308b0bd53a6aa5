import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { schemaCheck } from '../text/index.ts'
import {
  category,
  columns,
  defineEnvironment,
  defineModel,
  environmentSchema,
  features,
  files,
  hpa,
  https,
  metric,
  mlflow,
  modelSchema,
  number,
  oci,
  override,
  type ResourceSettings,
  type ServiceLevelObjective,
  s3,
  tensor,
} from './index.ts'

/**
 * What an editor refuses while typing. Each line after an expectation must be a compile error, and the compiler fails where
 * it is none (`npm run types`). What such a definition says is refused at load too, for those who do not compile.
 */

const checkModel = schemaCheck('definition-invalid', modelSchema)
const checkEnvironment = schemaCheck('definition-invalid', environmentSchema)
const located = { file: 'definition.ts', lineOf: () => 1 }

const outputs = { y: tensor('float32', ['batch', 1]) }
const inputs = columns({ x: number() })
const model = { name: 'a', owner: 'team', inputs, outputs }
const environment = {
  name: 'production',
  revision: 1 as const,
  cluster: { name: 'eu', server: 'https://k.example.com' },
  namespace: 'models',
  artifacts: https('https://store.example.com'),
  argocd: { repoURL: 'https://git.example.com/models.git' },
}

function refusedModel(definition: unknown, ...paths: string[]): void {
  assert.equal(
    checkModel(definition, located).map(({ path }) => path),
    paths,
  )
}

function refusedEnvironment(definition: unknown, ...paths: string[]): void {
  assert.equal(
    checkEnvironment(definition, located).map(({ path }) => path),
    paths,
  )
}

test('every kind of store is accepted', () => {
  const stores = [
    files('/models', { claim: 'models' }),
    s3('models'),
    s3('models.team/a/b', { endpoint: 'http://minio:9000', region: 'eu-west-1', secret: 'store' }),
    oci('localhost:5000/team/models', { secret: 'pull' }),
    mlflow('https://mlflow.example.com/base', { path: 'models/a' }),
  ]
  for (const artifacts of stores) refusedEnvironment(defineEnvironment({ ...environment, artifacts }))
})

test('what the types accept, the schemas accept', () => {
  refusedModel(defineModel(model))
  refusedModel(defineModel({ ...model, inputs: { columns: tensor('float32', ['batch', 3]) } }))
  refusedModel(defineModel({ ...model, inputs: { columns: features('float32', { x: number() }) } }))
  refusedModel(defineModel({ ...model, inputs: columns({ datatype: number(), matrix: category(['a']) }) }))
  refusedModel(
    defineModel({ ...model, gates: { promotion: [metric('r2').atLeast(0), metric('r2').noWorseThanChampion()] } }),
  )
  refusedEnvironment(defineEnvironment(environment))
  refusedEnvironment(defineEnvironment({ ...environment, promotesFrom: defineEnvironment(environment) }))
})

test('a datatype has one of the names of ONNX Runtime', () => {
  // @ts-expect-error
  const y = tensor('float', ['batch', 1])
  refusedModel(defineModel({ ...model, outputs: { y } }), 'outputs.y.datatype')
  // @ts-expect-error
  const m = features('int64', { x: number() })
  refusedModel(defineModel({ ...model, inputs: { m } }), 'inputs.m.matrix')
  // @ts-expect-error
  const x = number({ datatype: 'int' })
  refusedModel(defineModel({ ...model, inputs: columns({ x }) }), 'inputs.columns.x.datatype')
})

test('a shape is made of sizes and names', () => {
  // @ts-expect-error
  const empty = tensor('float32', ['batch', null])
  refusedModel(defineModel({ ...model, outputs: { y: empty } }), 'outputs.y.shape[1]')
  // @ts-expect-error
  const text = tensor('float32', 'batch')
  refusedModel(defineModel({ ...model, outputs: { y: text } }), 'outputs.y.shape')
  // @ts-expect-error
  const missing = tensor('float32')
  refusedModel(defineModel({ ...model, outputs: { y: missing } }), 'outputs.y.shape')
})

test('a unit is part of each quantity', () => {
  // @ts-expect-error
  const cpu: ResourceSettings = { cpu: '1 core', memory: '1Gi' }
  refusedModel(defineModel({ ...model, serving: { resources: cpu } }), 'serving.resources.cpu')
  // @ts-expect-error
  const memory: ResourceSettings = { cpu: '1', memory: '1GB' }
  refusedModel(defineModel({ ...model, serving: { resources: memory } }), 'serving.resources.memory')
  // @ts-expect-error
  const slo: ServiceLevelObjective = { latencyP99: 25, availability: 0.9 }
  refusedModel(defineModel({ ...model, slo }), 'slo.latencyP99')
  // @ts-expect-error
  const gate = metric('r2').noWorseThanChampion({ tolerance: 2 })
  refusedModel(defineModel({ ...model, gates: { promotion: [gate] } }), 'gates.promotion[0].tolerance')
})

test('what a template type takes for a number is refused at load', () => {
  refusedModel(defineModel({ ...model, slo: { latencyP99: '25 ms', availability: 0.9 } }), 'slo.latencyP99')
  const resources: ResourceSettings = { cpu: '1e-1', memory: '-1Gi' }
  refusedModel(defineModel({ ...model, serving: { resources } }), 'serving.resources.cpu', 'serving.resources.memory')
})

test('a name that is unknown or missing is refused', () => {
  // @ts-expect-error
  refusedModel(defineModel({ ...model, servng: {} }), 'servng')
  // @ts-expect-error
  refusedModel(defineModel({ name: 'a', inputs, outputs }), 'owner')
  // @ts-expect-error
  refusedModel(defineModel({ ...model, serving: { replicas: { min: 1 } } }), 'serving.replicas.max')
  // @ts-expect-error
  const x = number({ minimum: 1 })
  refusedModel(defineModel({ ...model, inputs: columns({ x }) }), 'inputs.columns.x.minimum')
})

test('an example of a category is one of its labels', () => {
  category(['no', 'yes'], { example: 'yes' })
  category({ no: 0, yes: 1 }, { example: 'no' })
  // @ts-expect-error
  category(['no', 'yes'], { example: 'maybe' })
  // @ts-expect-error
  category({ no: 0, yes: 1 }, { example: 'maybe' })
  // @ts-expect-error
  const x = category({ no: '0' })
  refusedModel(defineModel({ ...model, inputs: columns({ x }) }), 'inputs.columns.x.categories.no')
})

test('validation gates are absolute', () => {
  const gate = metric('mae').noWorseThanChampion()
  // @ts-expect-error
  const refused = defineModel({ ...model, gates: { validation: [gate] } })
  const paths = ['comparison', 'value', 'better', 'tolerance', 'kind'].map((name) => `gates.validation[0].${name}`)
  refusedModel(refused, ...paths)
})

test('an environment names places by the right form', () => {
  // @ts-expect-error
  const insecure = https('http://store.example.com')
  refusedEnvironment(defineEnvironment({ ...environment, artifacts: insecure }), 'artifacts.base')
  // @ts-expect-error
  const relative = files('models', { claim: 'models' })
  refusedEnvironment(defineEnvironment({ ...environment, artifacts: relative }), 'artifacts.base')
  refusedEnvironment(defineEnvironment({ ...environment, artifacts: s3('s3://models') }), 'artifacts.base')
  refusedEnvironment(defineEnvironment({ ...environment, artifacts: oci('ghcr.io/models@latest') }), 'artifacts.base')
  // @ts-expect-error
  const bare = mlflow('mlflow.example.com')
  refusedEnvironment(defineEnvironment({ ...environment, artifacts: bare }), 'artifacts.endpoint')
  const withPassword = mlflow('https://user:password@mlflow.example.com')
  refusedEnvironment(defineEnvironment({ ...environment, artifacts: withPassword }), 'artifacts.endpoint')
  // @ts-expect-error
  const autoscaling = hpa({ cpu: '70%' })
  refusedEnvironment(defineEnvironment({ ...environment, autoscaling }), 'autoscaling.cpu')
  // @ts-expect-error
  refusedEnvironment(defineEnvironment({ ...environment, revision: 4 }), 'revision')
  // @ts-expect-error
  refusedEnvironment(defineEnvironment({ ...environment, promotesFrom: 'staging' }), 'promotesFrom')
  // @ts-expect-error
  refusedEnvironment(defineEnvironment({ ...environment, cluster: { name: 'eu' } }), 'cluster.server')
})

test('an override names a model by its definition, not by a text', () => {
  // @ts-expect-error
  assert.is(override('wine', { replicas: { min: 1, max: 2 } }).model, undefined)
})

test.run()
