import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { files, type VersionFile } from '../definitions/index.ts'
import { loadRepository, type Plan, type Repository, resolvePlan } from '../repository/index.ts'
import { withExample } from '../testing/example-repository.ts'
import { measureDeployed } from './budget.ts'
import { type Comparison, type Replay, replay } from './replay.ts'

const test = suite('replay')

const facts = (repository: Repository, model: string, version: string) =>
  repository.models.get(model)?.versions.get(version)?.value as VersionFile

const comparison = ({ compared }: Replay): Comparison => {
  if ('unknown' in compared) throw new Error(compared.unknown)
  return compared
}

test('both versions answer the rows that the metrics were measured on, and the candidate is right on all its samples', async () => {
  await withExample(async ({ root }) => {
    const repository = await loadRepository(root)
    const [champion, candidate] = ['1.0.0', '1.1.0'].map((version) =>
      facts(repository, 'diabetes-progression', version),
    )
    const result = await replay(repository, champion, candidate as VersionFile, { truth: 'target' })
    assert.equal(result.golden, { passed: 24, total: 24 })
    const { from, rows, skipped } = comparison(result)
    assert.equal([from, rows.length, skipped], ['evaluation', candidate?.evaluation.dataset.rows, 0])
    const values = rows.map(({ champion: was, candidate: is }) => [was['progression'], is['progression']])
    assert.ok(values.flat().every((value) => typeof value === 'number'))
    assert.ok(values.filter(([was, is]) => was !== is).length > 100, 'two different models')
    // The registered figure comes out of these rows again: they are what it was measured on.
    const off = rows.map(({ truth, candidate: is }) => Math.abs(Number(truth) - Number(is['progression'])))
    const mae = off.reduce((sum, one) => sum + one, 0) / off.length
    assert.ok(Math.abs(mae - (candidate?.evaluation.metrics['mae'] ?? 0)) < 1e-3, String(mae))
    for (const { p50Ms, p99Ms } of [result.latency?.champion, result.latency?.candidate].flatMap((one) => one ?? [])) {
      assert.ok(p50Ms > 0 && p99Ms >= p50Ms)
    }
  })
})

test('a version replayed against itself changes no prediction', async () => {
  await withExample(async ({ root }) => {
    const repository = await loadRepository(root)
    const version = facts(repository, 'breast-biopsy', '1.1.0')
    const { rows } = comparison(await replay(repository, version, version))
    assert.is(rows.length, 210)
    for (const row of rows) assert.equal(row.candidate, row.champion)
  })
})

test('rows of another digest are not the rows that were measured on: the golden samples stand in, and that is said', async () => {
  await withExample(async ({ root, edit, remove }) => {
    const repository = await loadRepository(root)
    const version = facts(repository, 'house-price', '1.1.0')
    const file = `models/house-price/evaluation/${version.evaluation.dataset.sha256}.csv`
    const why = async () => {
      const { from, rows, note } = comparison(await replay(repository, version, version, { truth: 'price' }))
      assert.equal([from, rows.length], ['golden', 24])
      return note
    }
    edit(file, '80000.0', '90000.0')
    assert.is(await why(), `${file} does not have the digest of its name`)
    remove(file)
    assert.is(await why(), `the evaluation rows are not here (${file})`)
  })
})

test('files that only a store has are fetched by digest; what no store has is missing by name', async () => {
  await withExample(async ({ root, remove }) => {
    const repository = await loadRepository(root)
    const version = facts(repository, 'diabetes-progression', '1.1.0')
    const { model, goldenSamples, baseline } = version.bundle
    const store = join(root, '..', 'store')
    const former = process.env['XDG_CACHE_HOME']
    process.env['XDG_CACHE_HOME'] = join(root, '..', 'cache')
    try {
      mkdirSync(join(store, 'sha256'), { recursive: true })
      for (const file of [model, goldenSamples, baseline]) {
        const path = `models/diabetes-progression/${file?.path}`
        cpSync(join(root, path), join(store, 'sha256', file?.sha256 ?? ''))
        remove(path)
      }
      const found = await replay(repository, undefined, version, undefined, [
        files(store as `/${string}`, { claim: 'models' }),
      ])
      assert.equal([found.golden, found.missing], [{ passed: 24, total: 24 }, undefined])
      const none = await replay(repository, undefined, version)
      assert.is('cause' in none.golden && none.golden.cause, 'files-missing')
      assert.equal(
        none.missing?.map(({ name, sha256 }) => [name, sha256]),
        [
          ['model', model.sha256],
          ['goldenSamples', goldenSamples?.sha256],
          ['baseline', baseline?.sha256],
        ],
      )
      assert.ok(none.missing?.every(({ mayExist }) => mayExist === undefined))
      // A store that does not say is no store that has none.
      const mute = await replay(
        repository,
        undefined,
        { ...version, bundle: { model: { ...model, sha256: 'a'.repeat(64) } } },
        undefined,
        [{ kind: 'https', base: 'http://127.0.0.1:1' }],
      )
      assert.equal(
        mute.missing?.map(({ name, mayExist }) => [name, mayExist]),
        [['model', true]],
      )
      const huge = { ...version, bundle: { model: { ...model, sha256: 'b'.repeat(64), size: 2 ** 40 } } }
      const [large] =
        (await replay(repository, undefined, huge, undefined, [files(store as `/${string}`, { claim: 'models' })]))
          .missing ?? []
      assert.is(large?.mayExist, true)
      assert.match(large?.reason ?? '', /^1099511627776 bytes are more than gates fetch/)
    } finally {
      if (former === undefined) delete process.env['XDG_CACHE_HOME']
      else process.env['XDG_CACHE_HOME'] = former
    }
  })
})

test('what could not be compared is said with its reason, and the golden samples still count', async () => {
  await withExample(async ({ root, remove }) => {
    const repository = await loadRepository(root)
    const [champion, candidate] = ['1.0.0', '1.1.0'].map((version) => facts(repository, 'house-price', version))
    const voice = facts(repository, 'voice-activity', '1.0.0')
    const outcome = async (was: VersionFile | undefined, is = candidate) => {
      const { golden, compared } = await replay(repository, was, is as VersionFile)
      return [golden, 'unknown' in compared ? compared.unknown : compared.from]
    }
    const passed = { passed: 24, total: 24 }
    assert.equal(await outcome(undefined), [passed, 'no champion'])
    assert.equal((await outcome(voice, voice))[1], 'raw tensors are not compared')
    assert.equal(await outcome(facts(repository, 'breast-biopsy', '1.0.0')), [passed, 'no row is taken by both'])

    remove('models/house-price/artifacts/1.0.0')
    assert.equal(await outcome(champion), [passed, 'artifact of 1.0.0 not here'])
    remove('models/house-price/artifacts/1.1.0/samples.json')
    assert.equal((await outcome(champion))[0], { unknown: 'the golden samples are not here', cause: 'files-missing' })
    remove('models/house-price/artifacts/1.1.0/model.onnx')
    const unknown = 'artifact of 1.1.0 not here'
    assert.equal(await outcome(champion), [{ unknown, cause: 'files-missing' }, unknown])
  })
})

test('a deployed version is measured once against the tightest budget of its environments, and not run when a check refused it', async () => {
  await withExample(async ({ root }) => {
    const repository = await loadRepository(root)
    const plan = resolvePlan(repository)
    const only = (model: string): Plan => ({
      ...plan,
      environments: plan.environments.map((one) => ({
        ...one,
        models: one.models.filter(({ name }) => name === model),
      })),
    })
    const [raw, ...others] = await measureDeployed(repository, only('voice-activity'), () => true)
    assert.equal(others, [])
    const { latency, memoryBytes = 0, ...rest } = raw as NonNullable<typeof raw>
    const mebibytes = 2 ** 20
    assert.equal(
      { ...rest, holds: true },
      {
        model: 'voice-activity',
        version: '1.0.0',
        environments: ['development', 'staging', 'production'],
        budget: { p99Ms: 20, memoryBytes: 384 * mebibytes },
        holds: true,
      },
    )
    const { p50Ms = 0, p95Ms = 0, p99Ms = 0 } = latency ?? {}
    assert.ok(0 < p50Ms && p50Ms <= p95Ms && p95Ms <= p99Ms)
    assert.ok(memoryBytes > 30 * mebibytes, 'the runtime and a model of 2 MiB')
    const refused = await measureDeployed(repository, only('house-price'), (version) => !version.includes('1.1.0'))
    assert.equal(
      refused.map(({ version, unknown, latency: taken }) => [version, unknown, taken !== undefined]),
      [
        ['1.1.0', 'its artifact did not pass the checks', false],
        ['1.0.0', undefined, true],
      ],
    )
  })
})

test.run()
