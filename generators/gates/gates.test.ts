import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { PromotionGate, VersionFile } from '../definitions/index.ts'
import { evaluation, latency, memory, metric } from '../definitions/index.ts'
import { evaluateGate as evaluate, evaluateThreshold, type Metrics } from './gates.ts'
import type { Scored } from './row-metrics.ts'

const test = suite('gates')

const NOW = new Date('2026-11-21T12:00:00Z')

/** As much of a version as gates read. */
function measured(metrics: Metrics, more: Partial<VersionFile['evaluation']> = {}): VersionFile {
  return { version: '1.0.0', lineage: {}, evaluation: { dataset: { name: 'test' }, metrics, ...more } } as VersionFile
}

function evaluateGate(gate: PromotionGate, candidate: Metrics, champion: Metrics | undefined) {
  return judged(gate, measured(candidate), champion && measured(champion))
}

function judged(gate: PromotionGate, candidate: VersionFile, champion?: VersionFile) {
  const scored = { unknown: 'no rows' }
  return evaluate(gate, { candidate, ...(champion && { champion }), evidence: { now: NOW }, scored, rows: [] })
}

test('a threshold passes at its value and fails beyond it', () => {
  const atLeast = metric('auc').atLeast(0.9)
  assert.equal(evaluateThreshold(atLeast, { auc: 0.9 }), { name: 'auc >= 0.9', result: 'pass', detail: '0.9' })
  assert.equal(evaluateThreshold(atLeast, { auc: 0.89994 }), { name: 'auc >= 0.9', result: 'fail', detail: '0.8999' })
  const atMost = metric('mae').atMost(3)
  assert.equal(evaluateThreshold(atMost, { mae: 3 }), { name: 'mae <= 3', result: 'pass', detail: '3' })
  assert.equal(evaluateThreshold(atMost, { mae: 3.00049 }), { name: 'mae <= 3', result: 'fail', detail: '3.0005' })
})

test('a metric that was not measured is unknown, which is never a pass', () => {
  assert.equal(evaluateThreshold(metric('auc').atLeast(0.9), {}), {
    name: 'auc >= 0.9',
    result: 'unknown',
    detail: 'not measured',
  })
  const champion = metric('mae').noWorseThanChampion()
  assert.is(evaluateGate(champion, {}, { mae: 1 }).result, 'unknown')
  assert.equal(evaluateGate(champion, { mae: 1 }, {}), {
    name: 'mae vs champion',
    result: 'unknown',
    detail: 'champion: none',
  })
})

test('without a champion there is nothing to be worse than', () => {
  const gate = metric('mae').noWorseThanChampion()
  assert.equal(evaluateGate(gate, { mae: 9 }, undefined), {
    name: 'mae vs champion',
    result: 'pass',
    detail: 'no champion yet',
  })
})

test('figures of different units are not subtracted, with an interval or without one', () => {
  const inUnit = (unit: string, mae: number) =>
    ({ ...measured({ mae }), interface: { inputs: [], outputs: [{ name: 'price', unit }] } }) as unknown as VersionFile
  for (const confidence of [{}, { confidence: '95%' as const }]) {
    const gate = metric('mae').noWorseThanChampion({ tolerance: '2%', ...confidence })
    assert.equal(judged(gate, inUnit('kUSD', 1), inUnit('USD', 1000)), {
      name: 'mae vs champion',
      result: 'unknown',
      detail: 'other unit',
      note: 'not comparable: unit changed from USD to kUSD',
    })
  }
})

test('a pass by the figures says where chance could hide more than is allowed, on the side that is worse', () => {
  const rows = Array.from({ length: 60 }, (_, index) => Math.sin(index * 12.9898) * 20)
  const truth = new Float64Array(rows.length)
  const noteOf = (better: 'lower' | 'higher', sign: number) => {
    const candidate = { truth, predicted: Float64Array.from(rows, (row) => 100 + row * sign) }
    const scored = {
      champion: { truth, predicted: Float64Array.from(rows, () => 100) },
      candidate,
      metrics: { score: ({ predicted }: Scored, weights: ArrayLike<number>) => mean(predicted, weights) },
    }
    const gate = metric('score', { better }).noWorseThanChampion({ tolerance: '2%' })
    const [now, then] = [measured({ score: 100 }), measured({ score: 100 })]
    const { note, result } = evaluate(gate, {
      candidate: now,
      champion: then,
      evidence: { now: NOW },
      scored,
      rows: [],
    })
    assert.is(result, 'pass')
    return note ?? ''
  }
  for (const better of ['lower', 'higher'] as const) {
    assert.match(noteOf(better, 1), '(60 rows); worse than allowed cannot be ruled out')
    assert.not.match(noteOf(better, 0.05), 'ruled out')
  }
})

test('with rows the figure of a row is the replayed one, as its note is, whatever was registered', () => {
  const truth = new Float64Array(40)
  const scored = {
    champion: { truth, predicted: new Float64Array(40).fill(100) },
    candidate: { truth, predicted: new Float64Array(40).fill(110) },
    metrics: { mae: ({ predicted }: Scored, weights: ArrayLike<number>) => mean(predicted, weights) },
  }
  const gate = metric('mae').noWorseThanChampion({ tolerance: '2%' })
  const [now, then] = [measured({ mae: 98 }), measured({ mae: 100 })]
  const found = evaluate(gate, { candidate: now, champion: then, evidence: { now: NOW }, scored, rows: [] })
  assert.equal([found.result, found.detail], ['fail', '+10.00 % worse (allowed 2%)'])
  assert.match(found.note ?? '', 'replayed: mae +10, 95 % paired: +10 ... +10 (40 rows)')
})

function mean(values: ArrayLike<number>, weights: ArrayLike<number>): number {
  let [sum, count] = [0, 0]
  for (let row = 0; row < values.length; row++) {
    sum += (values[row] ?? 0) * (weights[row] ?? 0)
    count += weights[row] ?? 0
  }
  return sum / count
}

test('an error may rise and a score may fall by the tolerance, and no further', () => {
  const error = metric('mae').noWorseThanChampion({ tolerance: '2%' })
  assert.equal(evaluateGate(error, { mae: 102 }, { mae: 100 }), {
    name: 'mae vs champion',
    result: 'pass',
    detail: '+2.0 % worse',
    note: 'registered figures',
  })
  assert.equal(evaluateGate(error, { mae: 102.04 }, { mae: 100 }), {
    name: 'mae vs champion',
    result: 'fail',
    detail: '+2.04 % worse (allowed 2%)',
    note: 'registered figures',
  })
  assert.is(evaluateGate(error, { mae: 50 }, { mae: 100 }).detail, '-50.0 % better')
  const score = metric('auc').noWorseThanChampion({ tolerance: '1%' })
  assert.is(evaluateGate(score, { auc: 0.792 }, { auc: 0.8 }).result, 'pass')
  assert.is(evaluateGate(score, { auc: 0.79 }, { auc: 0.8 }).result, 'fail')
  assert.is(evaluateGate(score, { auc: 0.9 }, { auc: 0.8 }).result, 'pass')
})

test('the same version is never worse than itself, whatever the metric and its sign', () => {
  for (const name of ['mae', 'auc']) {
    for (const value of [0, -0.3, 1e-12, 0.1 + 0.2, 123456.789]) {
      const gate = metric(name).noWorseThanChampion()
      assert.is(evaluateGate(gate, { [name]: value }, { [name]: value }).result, 'pass', `${name} ${value}`)
    }
  }
})

test('a champion of zero has no percentage: the difference itself is shown', () => {
  const gate = metric('error_rate').noWorseThanChampion({ tolerance: '10%' })
  assert.equal(evaluateGate(gate, { error_rate: 0.25 }, { error_rate: 0 }), {
    name: 'error_rate vs champion',
    result: 'fail',
    detail: '+0.25 worse',
    note: 'registered figures',
  })
})

test('a direction that is said wins over the one that the name suggests', () => {
  const gate = metric('loss_ratio', { better: 'higher' }).noWorseThanChampion()
  assert.is(evaluateGate(gate, { loss_ratio: 2 }, { loss_ratio: 1 }).result, 'pass')
  assert.is(evaluateGate(gate, { loss_ratio: 1 }, { loss_ratio: 2 }).result, 'fail')
})

test('figures of another data set say nothing of each other', () => {
  const [gate, same] = [metric('auc').noWorseThanChampion(), evaluation.sameDataAsChampion()]
  const on = (sha256?: string) => measured({ auc: 0.9 }, { dataset: { name: 'test', ...(sha256 && { sha256 }) } })
  const [a, b] = [on('a'.repeat(64)), on('b'.repeat(64))]
  assert.equal([judged(gate, a, b).result, judged(same, a, b).result], ['unknown', 'fail'])
  assert.match(judged(gate, a, b).note ?? '', /another data set \(test, sha256 bbbbbbbbbbbb\)/)
  assert.equal([judged(gate, a, a).result, judged(same, a, a).result], ['pass', 'pass'])
  assert.equal(
    [judged(same, a, on()).result, judged(same, on(), a).note],
    ['unknown', 'the data set of 1.0.0 has no digest'],
  )
  assert.is(judged(same, a).detail, 'no champion yet')
})

test('a metric has an age, by its own date or by that of the training', () => {
  const gate = evaluation.noOlderThan('30d')
  const at = (measuredAt: string) => judged(gate, measured({}, { measuredAt }))
  assert.equal(at('2026-10-22T12:00:00Z'), { name: 'metrics not older than 30d', result: 'pass', detail: '30 d' })
  assert.equal([at('2026-10-22T11:59:00Z').result, at('2026-10-22T13:59:00+02:00').result], ['fail', 'fail'])
  assert.equal(judged(gate, { ...measured({}), lineage: { trainedAt: '2026-11-20T00:00:00Z' } }).detail, '36 h')
  assert.is(judged(gate, measured({})).result, 'unknown')
  assert.is(at('2027-01-01T00:00:00Z').detail, 'in the future')
})

test('too few rows fail, and rows that nobody counted are unknown', () => {
  const gate = evaluation.atLeastRows(100)
  const of = (rows?: number) =>
    judged(gate, measured({}, { dataset: { name: 'x', ...(rows !== undefined && { rows }) } }))
  assert.equal([of(100).result, of(99).result, of().result], ['pass', 'fail', 'unknown'])
})

test('time and memory are judged by a bound or against the champion, and differences of noise are none', () => {
  const around = (ratio: number) => ({ low: ratio - 0.05, high: ratio + 0.05 })
  const evidence = (was: number, is: number, calls: number) => ({
    now: NOW,
    replay: {
      golden: { unknown: '', cause: 'none-registered' as const },
      compared: { unknown: '' },
      latency: {
        champion: { p50Ms: was, p95Ms: was, p99Ms: was, calls },
        candidate: { p50Ms: is, p95Ms: is, p99Ms: is, calls },
        ratios: { p50: around(is / was), p95: around(is / was), p99: around(is / was) },
      },
    },
    memory: { champion: { process: 0, model: was * 2 ** 20 }, candidate: { process: 0, model: is * 2 ** 20 } },
  })
  const judge = (gate: PromotionGate, was: number, is: number, calls = 1200) => {
    const sides = { candidate: measured({}), champion: measured({}), scored: { unknown: '' }, rows: [] }
    const { result, detail } = evaluate(gate, { ...sides, evidence: evidence(was, is, calls) })
    return [result, detail]
  }
  assert.equal(judge(latency('p99').atMost('25ms'), 8, 25), ['pass', '25 ms'])
  assert.equal(judge(latency('p99').atMost('25ms'), 8, 25.1), ['fail', '25.1 ms'])
  assert.equal(judge(latency('p50').noWorseThanChampion({ tolerance: '20%' }), 10, 11), ['pass', 'not slower'])
  assert.equal(judge(latency('p50').noWorseThanChampion({ tolerance: '20%' }), 10, 13), ['fail', 'slower'])
  // An interval that straddles the tolerance is no pass, and few calls have no p99.
  assert.equal(judge(latency('p50').noWorseThanChampion({ tolerance: '20%' }), 10, 12), ['unknown', 'cannot tell'])
  assert.equal(judge(latency('p99').atMost('25ms'), 8, 25, 300), ['unknown', 'cannot tell'])
  assert.equal(judge(latency('p50').noWorseThanChampion({ tolerance: '0%' }), 0.02, 0.1), ['fail', 'slower'])
  assert.equal(judge(latency('p50').noWorseThanChampion({ tolerance: '0%' }), 8, 8), ['pass', 'not slower'])
  assert.equal(judge(memory().atMost('64Mi'), 1, 65), ['fail', '65 Mi'])
  assert.equal(judge(memory().noWorseThanChampion({ tolerance: '10%' }), 100, 108), ['pass', '+8 %'])
  assert.equal(judge(memory().noWorseThanChampion({ tolerance: '10%' }), 100, 111), ['fail', '+11 % (allowed 10%)'])
  assert.equal(judged(latency('p99').atMost('25ms'), measured({})).result, 'unknown')
})

test.run()
