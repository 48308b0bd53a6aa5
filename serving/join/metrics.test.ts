import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../testing/fixtures.ts'
import { Classification } from './classification.ts'
import { joinLogs } from './join-logs.ts'
import { Regression } from './regression.ts'
import { parseSlice } from './slice.ts'

/** Computed by scikit-learn on the same rows; make_join_fixture.py says how. */
const expected = JSON.parse(readFileSync(fixture('join.expected.json'), 'utf8'))

/** Every number of `wanted` is in `got`, up to the order of additions. */
function assertClose(got: unknown, wanted: unknown, path = ''): void {
  if (typeof wanted === 'number') {
    assert.ok(
      typeof got === 'number' && Math.abs(got - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
      `${path}: ${got}, not ${wanted}`,
    )
  } else {
    for (const [name, value] of Object.entries(wanted as object)) {
      assertClose((got as Record<string, unknown>)?.[name], value, `${path}.${name}`)
    }
  }
}

test('metrics by version, slice and class are those of scikit-learn', async () => {
  const { models } = await joinLogs({
    paths: [fixture('join.jsonl')],
    slices: [parseSlice('sex'), parseSlice('bmi=26')],
    tasks: new Map([['score', 'probability']]),
    maxDelayMs: Number.POSITIVE_INFINITY,
    memoryBytes: 2 ** 20,
  })
  const progression = models.diabetes?.progression?.versions['1.0.0']
  assertClose(progression?.metrics, expected.diabetes.all, 'diabetes')
  assertClose(progression?.slices?.sex, expected.diabetes.sex, 'sex')
  assertClose(progression?.slices?.bmi, expected.diabetes.bmi, 'bmi')
  for (const version of ['1.0.0', '2.0.0']) {
    assertClose(models.iris?.probabilities?.versions[version]?.metrics, expected.iris[version], `iris ${version}`)
    // The label is compared too; without probabilities under its own names it has no loss.
    const label = models.iris?.label?.versions[version]?.metrics
    assertClose(label, { accuracy: expected.iris[version].accuracy, macro: expected.iris[version].macro }, 'label')
    assert.is((label as { logLoss: unknown }).logLoss, null)
  }
  assertClose(models.biopsy?.score?.versions['1.0.0']?.metrics, expected.biopsy, 'biopsy')
})

test('what is not defined is null, never NaN', () => {
  assert.equal(new Regression().metrics(), { rows: 0, mae: null, rmse: null, r2: null, bias: null })
  const lone = new Regression()
  lone.add(3, 1)
  assert.equal(lone.metrics(), { rows: 1, mae: 2, rmse: 2, r2: null, bias: 2 })
  const oneClass = new Classification(100)
  oneClass.add('a', 'a', { a: 0.75, b: 0.25 })
  const { rocAuc, logLoss, classes } = oneClass.metrics()
  assert.is(rocAuc, null)
  assert.is(logLoss, -Math.log(0.75))
  assert.equal(classes.b, { support: 0, precision: 0, recall: 0, f1: 0, rocAuc: null })
})

test('an impossible event that happened costs as much as scikit-learn says, not everything', () => {
  const sure = new Classification(100)
  sure.add('a', 'b', { a: 1, b: 0 })
  // log_loss(["b"], [[1.0, 0.0]], labels=["a", "b"]) of scikit-learn 1.9.1
  assertClose(sure.metrics().logLoss, 36.04365338911715)
})

test('digits survive where the truth is large', () => {
  const far = new Regression()
  for (const [predicted, truth] of [
    [1, 0],
    [2, 2],
    [3, 4],
  ] as const)
    far.add(predicted + 1e9, truth + 1e9)
  assertClose(far.metrics(), { mae: 2 / 3, r2: 1 - 2 / 8, bias: 0 })
})

test('too many different scores are rounded, and the report says so', () => {
  const exact = new Classification(100_000)
  const rounded = new Classification(256)
  let state = 1
  for (let row = 0; row < 5000; row++) {
    // Park and Miller's generator: the same rows in every run.
    state = (state * 48271) % 2147483647
    const b = state / 2147483647
    const truth = (state >> 8) % 100 < b * 100 ? 'b' : 'a'
    for (const totals of [exact, rounded]) totals.add(b < 0.5 ? 'a' : 'b', truth, { a: 1 - b, b })
  }
  const [one, other] = [exact.metrics(), rounded.metrics()]
  assert.is(one.rocAucRounded, undefined)
  assert.is(other.rocAucRounded, true)
  assert.ok(Math.abs(Number(one.rocAuc) - Number(other.rocAuc)) < 0.001, `${one.rocAuc} ${other.rocAuc}`)
  assert.ok(Number(one.rocAuc) > 0.7)
})

test.run()
