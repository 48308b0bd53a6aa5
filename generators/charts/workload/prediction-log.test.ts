import { bootConfigurationSchema } from 'modelyard-serving/contract'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { category, columns, defineModel, integer, tensor } from '../../definitions/index.ts'
import { declaredInterface } from '../../repository/index.ts'
import { modelObjects } from '../../testing/objects.ts'
import { environmentText, FILES, withRepository } from '../../testing/repository-fixture.ts'
import { schemaCheck } from '../../text/index.ts'
import { bootConfiguration } from './configuration.ts'

const checkBoot = schemaCheck('schema-invalid', bootConfigurationSchema)

interface Named {
  name: string
}

/** What production's objects say with these properties. */
async function generated(...properties: string[]) {
  const text = environmentText('production', { promotesFrom: 'staging', properties })
  let result = {} as { server: object; egress: { ports: unknown }[]; mounts: Named[]; volumes: Named[] }
  await withRepository({ [FILES.production]: text }, async ({ planned }) => {
    const model = await planned('production')
    const boot = bootConfiguration(model)
    assert.equal(checkBoot(boot, { file: 'boot.json', lineOf: () => 1 }), [])
    const objects = modelObjects(model)
    const { containers, volumes } = objects.Deployment.spec.template.spec
    const { egress } = objects.NetworkPolicy.spec
    result = { server: boot.server, egress, mounts: containers[0].volumeMounts, volumes }
  })
  return result
}

const tcp = (port: number) => ({ port, protocol: 'TCP' })

test('an environment says once where the predictions of all its models go', async () => {
  const log =
    "{ sink: 'http://events.logging:9000/models', format: 'cloudevents-batch', sampleRate: 0.1, redact: { name: 'drop' } }"
  const { server, egress, mounts } = await generated(`predictionLog: ${log}`)
  assert.equal((server as { predictionLog: object }).predictionLog, {
    sink: 'http://events.logging:9000/models',
    format: 'cloudevents-batch',
    sampleRate: 0.1,
    redact: { name: 'drop' },
  })
  assert.equal(egress[1]?.ports, [tcp(443), tcp(9000)])
  assert.not.ok(mounts.some(({ name }) => name === 'prediction-log'))
})

test('salt and token are a mounted Secret, never part of the configuration', async () => {
  const log = "{ sink: 'https://events.example.com', secret: { name: 'events', keys: ['salt', 'token'] } }"
  const { server, egress, mounts, volumes } = await generated(`predictionLog: ${log}`)
  assert.equal((server as { predictionLog: object }).predictionLog, {
    sink: 'https://events.example.com',
    saltFile: '/etc/modelyard/prediction-log/salt',
    tokenFile: '/etc/modelyard/prediction-log/token',
  })
  assert.equal(egress[1]?.ports, [tcp(443)])
  assert.equal(mounts.at(-1), { name: 'prediction-log', mountPath: '/etc/modelyard/prediction-log', readOnly: true })
  const items = [
    { key: 'salt', path: 'salt' },
    { key: 'token', path: 'token' },
  ]
  assert.equal(volumes.at(-1), { name: 'prediction-log', secret: { secretName: 'events', items } })
})

test('a password in the address is refused, since it would stand in a ConfigMap', async () => {
  const properties = ["predictionLog: { sink: 'https://me:secret@events.example.com' }"]
  const text = environmentText('production', { promotesFrom: 'staging', properties })
  await withRepository({ [FILES.production]: text }, async ({ load }) => {
    const [finding] = (await load()).findings
    assert.match(String(finding?.message), 'an address without a password')
  })
})

test('what a model calls sensitive is part of the interface that is frozen', () => {
  const { inputs } = declaredInterface(
    defineModel({
      name: 'visits',
      owner: 'clinic',
      inputs: columns({ age: integer({ sensitive: 'hash' }), town: category(['north'], { sensitive: 'drop' }) }),
      outputs: { y: tensor('float32', ['batch', 1]) },
    }),
  )
  assert.equal(
    inputs.map((input) => input.columns?.[0]?.sensitive),
    ['hash', 'drop'],
  )
})

test('without it nothing is logged, and no pod template changes', async () => {
  const { server, mounts } = await generated()
  assert.not('predictionLog' in server)
  assert.not.ok(mounts.some(({ name }) => name === 'prediction-log'))
})

test.run()
