import { bootConfigurationSchema } from 'modelyard-serving/contract'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modelObjects } from '../../testing/objects.ts'
import { environmentText, FILES, V1, withRepository } from '../../testing/repository-fixture.ts'
import { schemaCheck } from '../../text/index.ts'
import { bootConfiguration } from './configuration.ts'

const checkBoot = schemaCheck('schema-invalid', bootConfigurationSchema)
const { sha256 } = V1.bundle.model

/** What production's objects say when its artifacts are there. */
async function generated(artifacts: string) {
  const text = environmentText('production', { promotesFrom: 'staging', properties: [`artifacts: ${artifacts}`] })
  let result = {} as { address: string | undefined; ports: unknown; container: Container; volumes: Volume[] }
  await withRepository({ [FILES.production]: text }, async ({ planned }) => {
    const model = await planned('production')
    const boot = bootConfiguration(model)
    assert.equal(checkBoot(boot, { file: 'boot.json', lineOf: () => 1 }), [])
    const objects = modelObjects(model)
    const { containers, volumes } = objects['Deployment'].spec.template.spec
    const address = boot.models[0]?.versions[0]?.artifact.address
    result = { address, ports: objects['NetworkPolicy'].spec.egress?.[1]?.ports, container: containers[0], volumes }
  })
  return result
}

interface Container {
  env?: unknown
  envFrom?: unknown
  volumeMounts: { name: string }[]
}

interface Volume {
  name: string
}

const tcp = (port: number) => ({ port, protocol: 'TCP' })

test('a bucket of AWS needs nothing but its address', async () => {
  const { address, ports, container } = await generated("s3('models/team')")
  assert.is(address, `s3://models/team/sha256/${sha256}`)
  assert.equal(ports, [tcp(443)])
  assert.not('env' in container)
  assert.not('envFrom' in container)
})

test('a bucket elsewhere brings its endpoint, region and Secret', async () => {
  const { ports, container } = await generated(
    "s3('models', { endpoint: 'http://minio.storage:9000', region: 'eu-west-1', secret: 'store' })",
  )
  assert.equal(ports, [tcp(9000)])
  assert.equal(container.env, [
    { name: 'AWS_ENDPOINT_URL_S3', value: 'http://minio.storage:9000' },
    { name: 'AWS_REGION', value: 'eu-west-1' },
  ])
  assert.equal(container.envFrom, [{ secretRef: { name: 'store' } }])
})

test('a registry is asked for blobs, with the mounted Secret; its storage is reached at 443', async () => {
  const { address, ports, container, volumes } = await generated(
    "oci('registry.example.com:5000/models', { secret: 'pull' })",
  )
  assert.is(address, `oci://registry.example.com:5000/models@sha256:${sha256}`)
  assert.equal(ports, [tcp(5000), tcp(443)])
  assert.equal(container.env, [{ name: 'DOCKER_CONFIG', value: '/etc/modelyard/registry' }])
  assert.not('envFrom' in container)
  assert.equal(container.volumeMounts.at(-1), {
    name: 'registry',
    mountPath: '/etc/modelyard/registry',
    readOnly: true,
  })
  assert.equal(volumes.at(-1), { name: 'registry', secret: { secretName: 'pull' } })
})

test('a public registry needs nothing but its address', async () => {
  const { ports, container } = await generated("oci('ghcr.io/team/models')")
  assert.equal(ports, [tcp(443)])
  assert.not('env' in container)
})

test('MLflow is named to the server, and its login comes from the Secret', async () => {
  const { address, ports, container } = await generated("mlflow('https://mlflow.example.com', { secret: 'mlflow' })")
  assert.is(address, `mlflow-artifacts:/models/sha256/${sha256}`)
  assert.equal(ports, [tcp(443)])
  assert.equal(container.env, [{ name: 'MLFLOW_TRACKING_URI', value: 'https://mlflow.example.com' }])
  assert.equal(container.envFrom, [{ secretRef: { name: 'mlflow' } }])
})

test('a volume is mounted read-only where the addresses point', async () => {
  const artifacts = "files('/models', { claim: 'model-files' })"
  const { address, container, volumes } = await generated(artifacts)
  assert.is(address, `file:///models/sha256/${sha256}`)
  assert.equal(
    container.volumeMounts.find(({ name }) => name === 'artifacts'),
    { name: 'artifacts', mountPath: '/models', readOnly: true },
  )
  assert.equal(
    volumes.find(({ name }) => name === 'artifacts'),
    { name: 'artifacts', persistentVolumeClaim: { claimName: 'model-files', readOnly: true } },
  )
})

test.run()
