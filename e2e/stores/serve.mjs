import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { check, root, scratch, start, stop, until } from './processes.mjs'

/** What no log, no answer and no command may show. */
export const SECRETS = ['s3cret-of-the-puller', 'secret-access-key-xyz', 'jwt-of-the-pod']

const fixture = (file) => join(root, 'serving/testing/fixtures', file)

/** The files of two models, under their digests: one with golden samples, one with external data. */
export function bundle() {
  const folder = join(scratch, 'bundle')
  mkdirSync(folder)
  const facts = {}
  for (const file of ['iris.onnx', 'iris.samples.json', 'external.onnx', 'external-weights.bin']) {
    const content = readFileSync(fixture(file))
    const sha256 = createHash('sha256').update(content).digest('hex')
    copyFileSync(fixture(file), join(folder, sha256))
    facts[file] = { sha256, size: content.length }
  }
  return { folder, facts }
}

const matrix = (name, columns) => ({ name, datatype: 'float32', shape: ['batch', columns] })

export const SILERO = {
  inputs: [
    { name: 'input', datatype: 'float32', shape: ['batch', 'samples'] },
    { name: 'state', datatype: 'float32', shape: [2, 'batch', 128] },
    { name: 'sr', datatype: 'int64', shape: [] },
  ],
  outputs: [matrix('output', 1), { name: 'stateN', datatype: 'float32', shape: [2, 'batch', 128] }],
}

const IRIS = {
  inputs: [matrix('features', 4)],
  outputs: [{ name: 'label', datatype: 'int64', shape: ['batch'] }, matrix('probabilities', 3)],
}

export function configuration(facts, addressOf, goldenSamples = false) {
  const reference = (file) => ({ ...facts[file], address: addressOf(facts[file].sha256) })
  const version = (artifact, modelInterface, more) => ({
    name: '1.0.0',
    artifact,
    interface: modelInterface,
    batching: { maxSize: 8, maxDelayMs: 0 },
    strict: false,
    ...more,
  })
  const model = (name, served) => ({ name, stable: '1.0.0', versions: [served], slo: { latencyP99Ms: 25 } })
  const weights = { ...reference('external-weights.bin'), path: 'weights/w.bin' }
  const features = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width']
  const columns = features.map((name) => ({ name, kind: 'number', missing: true }))
  const iris = { ...IRIS, inputs: [{ ...IRIS.inputs[0], columns }] }
  return {
    apiVersion: 'modelyard.dev/v1',
    server: { port: 0, threads: 1, bodyLimit: 1048576, drain: { delaySeconds: 0, timeoutSeconds: 5 } },
    models: [
      model(
        'iris',
        version(
          { ...reference('iris.onnx'), externalData: [] },
          iris,
          goldenSamples ? { goldenSamples: reference('iris.samples.json') } : {},
        ),
      ),
      model(
        'external',
        version(
          { ...reference('external.onnx'), externalData: [weights] },
          { inputs: [matrix('x', 4)], outputs: [matrix('y', 2)] },
        ),
      ),
    ],
  }
}

let runs = 0

/** The server as a pod runs it; resolves when it listens. */
export async function serve(boot, env, cache = join(scratch, `cache-${runs}`)) {
  runs += 1
  const bootFile = join(scratch, `boot-${runs}.json`)
  writeFileSync(bootFile, JSON.stringify(boot))
  const args = [
    '-C',
    'modelyard-source',
    '--import',
    join(root, 'node_modules/tsx/dist/loader.mjs'),
    join(root, 'serving/main.ts'),
  ]
  const flags = ['--boot', bootFile, '--routing', join(scratch, 'none.json'), '--cache', cache, '--host', '127.0.0.1']
  const child = start(process.execPath, [...args, ...flags, '--port', '0'], { HOME: '/nowhere', ...env })
  await until(() => /listening at/.test(child.output), 'the server listens', 60, child)
  const address = /listening at (http:[^"\s]+)/.exec(child.output)[1]
  return {
    child,
    cache,
    ready: async () => (await fetch(`${address}/readyz`)).json(),
    infer: async (model, input, shape, data) => {
      const body = JSON.stringify({ inputs: [{ name: input, datatype: 'FP32', shape, data }] })
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${address}/v2/models/${model}/infer`, { method: 'POST', headers, body })
      return { status: answer.status, json: await answer.json() }
    },
  }
}

export const settled = (server, state) => async () =>
  (await server.ready()).models.every((model) => model.state === state)

/** Loads both models from a store, one of them from a half that another process left; then with a wrong login, where there is one. */
export async function checkStore(name, { facts, addressOf, env, wrongEnv, answeredRange }) {
  const cache = join(scratch, `cache-${name}`)
  const { sha256 } = facts['iris.onnx']
  mkdirSync(join(cache, 'sha256'), { recursive: true })
  const half = readFileSync(fixture('iris.onnx')).subarray(0, 400)
  // 4194304 is above Linux's highest process id.
  writeFileSync(join(cache, 'sha256', `${sha256}.${hostname().replace(/[^A-Za-z0-9-]/g, '-')}.4194304.abc.part`), half)
  const server = await serve(configuration(facts, addressOf, true), env, cache)
  try {
    await until(settled(server, 'ready'), `${name}: both models are ready`, 60, server.child)
    check(`${name}: both models are ready, with golden samples and external data`, true)
    const { json } = await server.infer('external', 'x', [1, 4], [1, 0, 0, 1])
    check(
      `${name}: external data is the right one`,
      JSON.stringify(json.outputs?.[0]?.data) === '[6,8]',
      JSON.stringify(json),
    )
    const takenOver = server.child.output.includes('download goes on where it was cut')
    check(`${name}: takes over what a dead process left`, takenOver, server.child.output)
    if (answeredRange) check(`${name}: the store sent the rest only (206)`, answeredRange())
    const names = readdirSync(join(cache, 'sha256'))
    check(
      `${name}: nothing partial is left`,
      names.length === 4 && !names.some((file) => file.endsWith('.part')),
      names.join('\n'),
    )
  } catch (error) {
    check(`${name}: both models are ready`, false, `${error.message}\n${server.child.output}`)
  }
  await stop(server.child)
  const shown = SECRETS.filter((secret) => server.child.output.includes(secret))
  check(`${name}: no secret is logged`, shown.length === 0, shown.join(', '))
  const again = await serve(
    configuration(facts, () => 'file:///nowhere', true),
    {},
    cache,
  )
  await until(settled(again, 'ready'), `${name}: from the cache`, 60, again.child).then(
    () => check(`${name}: starts from the cache without the store`, true),
    (error) => check(`${name}: starts from the cache without the store`, false, error.message),
  )
  await stop(again.child)
  if (wrongEnv === undefined) return
  const refused = await serve(configuration(facts, addressOf), wrongEnv)
  await until(settled(refused, 'refused'), `${name}: a wrong login is refused`, 60, refused.child).catch(() => {})
  const reasons = (await refused.ready()).models.map(({ reason }) => reason)
  check(
    `${name}: a wrong login is refused at once`,
    reasons.every((reason) => reason === 'artifact-forbidden'),
    refused.child.output,
  )
  await stop(refused.child)
}
