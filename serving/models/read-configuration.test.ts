import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { BootConfiguration, RoutedModel } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, routingConfiguration, scratch, servedVersion } from '../testing/server.ts'
import { parseRoutingConfiguration, readBootConfiguration } from './read-configuration.ts'
import { ConfigurationError } from './validate.ts'

test.after.each(cleanUp)

const version = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes)
const candidate = await servedVersion('1.1.0', 'diabetes-candidate.onnx', INTERFACES.diabetes)
const boot = bootConfiguration({ diabetes: version })

async function readBoot(document: unknown): Promise<BootConfiguration> {
  const directory = scratch()
  const file = join(directory, 'boot.json')
  writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document))
  return readBootConfiguration(file)
}

async function bootProblems(change: (copy: BootConfiguration) => void): Promise<string[]> {
  const copy = structuredClone(boot)
  change(copy)
  const error = await readBoot(copy).catch((reason: unknown) => reason)
  assert.instance(error, ConfigurationError)
  return (error as ConfigurationError).problems.map(({ path, message }) => `${path} ${message}`)
}

function routingProblems(models: RoutedModel[]): string[] {
  try {
    parseRoutingConfiguration('routing.json', JSON.stringify(routingConfiguration(models)), boot)
    return []
  } catch (error) {
    assert.instance(error, ConfigurationError)
    return (error as ConfigurationError).problems.map(({ path, message }) => `${path} ${message}`)
  }
}

test('what the contract allows is read as it is', async () => {
  assert.equal(await readBoot(boot), boot)
})

test('a boot configuration that is not there, or not JSON, names the file', async () => {
  for (const attempt of [readBootConfiguration('/nowhere/boot.json'), readBoot('{"apiVersion":')]) {
    const error = await attempt.catch((reason: unknown) => reason)
    assert.is((error as ConfigurationError).code, 'configuration-unreadable')
    assert.match((error as ConfigurationError).message, 'boot.json')
  }
})

test('every breach of the schema is listed with its JSON path', async () => {
  const problems = await bootProblems((copy) => {
    Object.assign(copy, { apiVersion: 'modelyard.dev/v2' })
    Object.assign(copy.server, { port: '8080', extra: 1 })
    Reflect.deleteProperty(copy.models[0]?.versions[0] ?? {}, 'strict')
  })
  assert.equal(problems.sort(), [
    'apiVersion must be "modelyard.dev/v1"',
    'models[0].versions[0] lacks strict',
    'server has the unknown property extra',
    'server.port must be integer',
  ])
})

test('a stable version that is not listed, and names that are listed twice, are found', async () => {
  const problems = await bootProblems((copy) => {
    const [model] = copy.models
    if (model === undefined) return
    model.stable = '9.9.9'
    model.versions.push(version)
  })
  assert.equal(problems, [
    'models[0].versions[1].name 1.0.0 is listed twice',
    'models[0].stable diabetes has no version 9.9.9; it has 1.0.0, 1.0.0',
  ])
})

test('a routing configuration is checked against the boot configuration', () => {
  const canary = { version: '1.1.0', mode: 'canary' as const, weight: 10 }
  assert.equal(routingProblems([{ name: 'diabetes', versions: [candidate], candidate: canary }]), [])
  assert.equal(routingProblems([{ name: 'diabetes', versions: [], candidate: canary }]), [
    'models[0].candidate.version diabetes has no version 1.1.0; it has 1.0.0',
  ])
  assert.equal(routingProblems([{ name: 'iris', versions: [], candidate: null }]), [
    'models[0].name iris is not in the boot configuration',
  ])
  const impostor = { ...candidate, name: '1.0.0' }
  assert.match(
    routingProblems([{ name: 'diabetes', versions: [impostor], candidate: null }])[0] ?? '',
    'already the name',
  )
})

test('a candidate elsewhere needs a web address without secrets, and a name that this server does not have', () => {
  const at = (address: string, version = '2.0.0') => {
    const split = { version, mode: 'canary' as const, weight: 10, address }
    return routingProblems([{ name: 'diabetes', versions: [candidate], candidate: split }])
  }
  for (const address of ['https://other.example.com', 'http://other:8080/v2/models/diabetes'])
    assert.equal(at(address), [])
  assert.match(at('file:///etc/passwd')[0] ?? '', 'candidate.address must be an http or https address')
  assert.match(at('https://me:secret@other.example.com')[0] ?? '', 'must hold no user or password')
  assert.not.match(at('https://me:secret@other.example.com')[0] ?? '', 'secret')
  assert.match(at('https://other.example.com?token=1')[0] ?? '', 'no query')
  assert.match(at('https://other.example.com', '1.1.0')[0] ?? '', '1.1.0 is a version of this server too')
})

test('text of a wrong form is refused with the form, not with a regular expression', async () => {
  const problems = await bootProblems((copy) => {
    copy.server.predictionLog = { sink: 'https://user:secret@logs.example.com' }
    Object.assign(copy.models[0]?.versions[0]?.artifact ?? {}, { address: 'ftp://x', sha256: 'abc' })
  })
  assert.equal(problems.sort(), [
    'models[0].versions[0].artifact.address must be an address that begins with file://, https://, http://, s3://, oci:// or mlflow-artifacts:/',
    'models[0].versions[0].artifact.sha256 must be 64 lower-case hexadecimal digits',
    'server.predictionLog.sink must be file:///<path>, https://<host> or http://<host>, without credentials',
  ])
})

test('two things cannot listen on one port, unless it is a free one', async () => {
  const problems = await bootProblems(({ server }) =>
    Object.assign(server, { port: 80, grpcPort: 81, managementPort: 80 }),
  )
  assert.equal(problems, ['server.managementPort is 80, as server.port is'])
  const { server } = await readBoot({ ...boot, server: { ...boot.server, port: 0, managementPort: 0 } })
  assert.is(server.managementPort, 0)
})

test.run()
