import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { VersionFile } from '../define/index.ts'
import { loadRepository, type Repository } from '../plan/index.ts'
import { withExample } from '../testing/example-repository.ts'
import { type Replay, replay } from './replay.ts'

const test = suite('replay')

const facts = (repository: Repository, model: string, version: string) =>
  repository.models.get(model)?.versions.get(version)?.value as VersionFile

test('both versions answer the golden rows of the candidate, which is right on all of them', async () => {
  await withExample(async ({ root }) => {
    const repository = await loadRepository(root)
    const [champion, candidate] = ['1.0.0', '1.1.0'].map((version) =>
      facts(repository, 'diabetes-progression', version),
    )
    const result = (await replay(repository, champion, candidate as VersionFile)) as Replay
    assert.ok(result.golden.total >= 20)
    assert.is(result.golden.passed, result.golden.total)
    assert.is(result.rows.length, result.golden.total)
    const values = result.rows.map(({ champion: was, candidate: is }) => [was['progression'], is['progression']])
    assert.ok(values.flat().every((value) => typeof value === 'number'))
    assert.ok(
      values.some(([was, is]) => was !== is),
      'two different models',
    )
    const times = [result.latency.champion, result.latency.candidate]
    for (const { p50Ms, p99Ms } of times) assert.ok(p50Ms > 0 && p99Ms >= p50Ms)
  })
})

test('a version replayed against itself changes no prediction', async () => {
  await withExample(async ({ root }) => {
    const repository = await loadRepository(root)
    const version = facts(repository, 'breast-biopsy', '1.1.0')
    const { rows } = (await replay(repository, version, version)) as Replay
    assert.ok(rows.length >= 20)
    for (const row of rows) assert.equal(row.candidate, row.champion)
  })
})

test('what could not be compared is said with its reason, and the golden samples still count', async () => {
  await withExample(async ({ root, remove }) => {
    const repository = await loadRepository(root)
    const [champion, candidate] = ['1.0.0', '1.1.0'].map((version) => facts(repository, 'house-price', version))
    const voice = facts(repository, 'voice-activity', '1.0.0')
    const golden = { passed: 21, total: 21 }
    const first = await replay(repository, undefined, candidate as VersionFile)
    assert.is('unknown' in first && first.unknown, 'no champion')
    golden.total = first.golden?.total ?? 0
    golden.passed = golden.total
    assert.ok(golden.total >= 20)
    assert.equal(first.golden, golden)
    const raw = await replay(repository, voice, voice)
    assert.is('unknown' in raw && raw.unknown, 'raw tensors are not compared')

    remove('models/house-price/artifacts/1.0.0')
    assert.equal(await replay(repository, champion, candidate as VersionFile), {
      unknown: 'artifact of 1.0.0 not here',
      golden,
    })
    remove('models/house-price/artifacts/1.1.0/model.onnx')
    assert.equal(await replay(repository, champion, candidate as VersionFile), {
      unknown: 'artifact of 1.1.0 not here',
    })
    remove('models/house-price/artifacts/1.1.0/samples.json')
    assert.equal(await replay(repository, champion, candidate as VersionFile), { unknown: 'no golden samples here' })
  })
})

test('a champion of another interface takes none of the rows', async () => {
  await withExample(async ({ root }) => {
    const repository = await loadRepository(root)
    const biopsy = facts(repository, 'breast-biopsy', '1.0.0')
    const result = await replay(repository, biopsy, facts(repository, 'house-price', '1.1.0'))
    assert.is('unknown' in result && result.unknown, '1.0.0 takes none of the rows')
  })
})

test.run()
