import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { GoldenSample, GoldenSamples, OutputTensor } from 'modelyard-serving/contract'
import { type ModelServer, startServer } from 'modelyard-serving/main'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bootConfiguration } from '../charts/index.ts'
import type { VersionFile } from '../definitions/index.ts'
import { writeAtomically } from '../manifests/index.ts'
import { prepareLocalPod } from '../registry/index.ts'
import {
  applyOverride,
  bundlePath,
  loadRepository,
  type Plan,
  type PlannedModel,
  paths,
  type Repository,
  resolvePlan,
  resolveSettings,
} from '../repository/index.ts'
import { REPOSITORY, withExample } from '../testing/example-repository.ts'

const test = suite('golden samples over HTTP')

const versions = [...(await loadRepository(REPOSITORY)).models.values()].flatMap((model) =>
  [...model.versions.values()].map(({ value }) => value),
)

test('there are three models that were trained here, two versions of at least two, and a network that was not', () => {
  const counts = new Map<string, number>()
  for (const { model } of versions) counts.set(model, (counts.get(model) ?? 0) + 1)
  assert.ok(counts.size >= 4, `${[...counts.keys()]}`)
  assert.ok([...counts.values()].filter((count) => count >= 2).length >= 2)
})

for (const facts of versions) {
  const { model, version } = facts
  test(`${model} ${version} answers every golden sample as ${sourceOf(facts)} did`, async () => {
    await withServer(facts, async (server, golden) => {
      assert.ok(golden.samples.length >= 20, `${golden.samples.length} samples`)
      assert.ok(golden.tolerance.relative <= 1e-4)
      for (const sample of golden.samples) {
        const outputs = sample.features
          ? await predictNamed(server, facts, sample)
          : await inferTensors(server, facts, sample)
        compare(sample, outputs, golden.tolerance)
      }
    })
  })
}

/** The server with the ConfigMaps of dist/ where a pin names the version, else with the configuration that a pin would give. */
async function withServer(
  facts: VersionFile,
  work: (server: ModelServer, golden: GoldenSamples) => Promise<void>,
): Promise<void> {
  await withExample(async ({ root }) => {
    const repository = await loadRepository(root)
    const plan = resolvePlan(repository)
    const pinned = findPinned(plan, facts)
    const planned = pinned ?? asFirstPin(repository, plan, facts)
    const pod = await prepareLocalPod(repository, planned, join(root, 'pod'))
    if (!pinned)
      await writeAtomically(dirname(pod.bootPath), basename(pod.bootPath), JSON.stringify(bootConfiguration(planned)))
    // Without the routing file no candidate answers some of the requests.
    const { routingPath: _, ...stableOnly } = pod
    const server = await startServer({ ...stableOnly, port: 0 })
    try {
      await work(server, readSamples(repository, facts))
    } finally {
      await server.close()
    }
  })
}

function findPinned(plan: Plan, { model, version }: VersionFile): PlannedModel | undefined {
  return plan.environments
    .flatMap(({ models }) => models)
    .find(({ name, stable }) => name === model && stable.facts.version === version)
}

function asFirstPin(repository: Repository, plan: Plan, facts: VersionFile): PlannedModel {
  const [environment] = plan.environments
  const definition = repository.models.get(facts.model)?.definition
  if (!environment || !definition) throw new Error(`${facts.model} cannot be planned`)
  const sealedSettings = resolveSettings(definition.value)
  const { servingImage = '' } = environment.definition
  const stable = { reference: facts.version, facts, sealedSettings, servingImage }
  return {
    name: facts.model,
    environment: environment.definition,
    namespace: 'models',
    stable,
    effectiveSettings: applyOverride(sealedSettings, undefined),
  }
}

function sourceOf(facts: VersionFile): string {
  const { path = '' } = facts.bundle.goldenSamples ?? {}
  return (JSON.parse(readFileSync(join(REPOSITORY, 'models', facts.model, path), 'utf8')) as GoldenSamples).source
}

function readSamples(repository: Repository, { model, version, bundle }: VersionFile): GoldenSamples {
  const file = bundle.goldenSamples && bundlePath(repository, model, bundle.goldenSamples)
  if (file === undefined) throw new Error(`${paths.version(model, version)} has no golden samples`)
  return JSON.parse(readFileSync(file, 'utf8')) as GoldenSamples
}

async function post<T>(address: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await response.text()
  assert.is(response.status, 200, text)
  return JSON.parse(text) as T
}

type Outputs = Record<string, unknown[]>

async function predictNamed({ address }: ModelServer, facts: VersionFile, sample: GoldenSample): Promise<Outputs> {
  const answer = await post<{ model: string; version: string; prediction: Record<string, unknown> }>(
    `${address}/predict`,
    sample.features,
  )
  assert.is(answer.model, facts.model)
  assert.is(answer.version, facts.version)
  return Object.fromEntries(
    facts.interface.outputs.map((output) => [output.name, flatten(answer.prediction[output.name], output)]),
  )
}

function flatten(value: unknown, { labels }: OutputTensor): unknown[] {
  if (labels) return labels.map((label) => (value as Record<string, unknown>)[label])
  return [value].flat(Number.POSITIVE_INFINITY)
}

interface V2Tensor {
  name: string
  datatype: string
  data: unknown[]
}

/** As a client of the Open Inference Protocol would: it asks the server for the names of the types. */
async function inferTensors({ address }: ModelServer, { model }: VersionFile, sample: GoldenSample): Promise<Outputs> {
  const described = (await (await fetch(`${address}/v2/models/${model}`)).json()) as { inputs: V2Tensor[] }
  const inputs = described.inputs.map(({ name, datatype }) => ({ name, datatype, ...sample.tensors?.[name] }))
  const answer = await post<{ outputs: V2Tensor[] }>(`${address}/v2/models/${model}/infer`, { inputs })
  return Object.fromEntries(answer.outputs.map(({ name, data }) => [name, data.flat(Number.POSITIVE_INFINITY)]))
}

function compare({ id, outputs }: GoldenSample, got: Outputs, tolerance: GoldenSamples['tolerance']): void {
  for (const [name, expected] of Object.entries(outputs)) {
    assert.is(got[name]?.length, expected.length, `${id} ${name}`)
    for (const [index, wanted] of expected.entries()) {
      const value = got[name]?.[index]
      if (typeof wanted !== 'number') {
        assert.is(value, wanted, `${id} ${name}[${index}]`)
        continue
      }
      const allowed = tolerance.absolute + tolerance.relative * Math.abs(wanted)
      const isClose = typeof value === 'number' && Math.abs(value - wanted) <= allowed
      assert.ok(isClose, `${id} ${name}[${index}] is ${value}, expected ${wanted}`)
    }
  }
}

test.run()
