import type { ModelInterface } from 'modelyard-serving/contract'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { comparedDecision, type Replay, type ReplayedRow, unitChange } from '../gates/index.ts'
import { describePromotion } from './describe.ts'
import { gatesSection } from './gates-section.ts'
import { comparePredictions } from './predictions.ts'
import type { GateResult } from './report.ts'
import { costSection } from './sections.ts'
import { compareSlices } from './slices.ts'
import { costSentence, itemsToJudge } from './summary.ts'
import { canary } from './testing/reports.ts'

const column = (name: string) => ({
  name,
  kind: 'category' as const,
  datatype: 'string' as const,
  categories: ['a', 'b'],
})
const INTERFACE = {
  inputs: [{ name: 'sex', datatype: 'string', shape: ['batch', 1], columns: [column('sex')] }],
  outputs: [{ name: 'y', datatype: 'float32', shape: ['batch', 1] }],
} as unknown as ModelInterface

/** Two hundred rows of either sex; the candidate moves the answers of `a` by `shift`. */
function rows(shift: number): ReplayedRow[] {
  return Array.from({ length: 200 }, (_, index) => {
    const sex = index % 2 === 0 ? 'a' : 'b'
    const noise = Math.sin(index * 12.9898) * 10
    const moved = Math.sin(index * 78.233) + (sex === 'a' ? shift : 0)
    return {
      id: String(index),
      features: { sex },
      truth: '100',
      champion: { y: 100 + noise },
      candidate: { y: 100 + noise + moved },
    }
  })
}

const slices = (replayed: ReplayedRow[], reading?: { truth: string }) => {
  const decision = comparedDecision({ candidate: INTERFACE }, replayed[0])
  return decision ? compareSlices(replayed, INTERFACE, decision, reading) : []
}

test('compareSlices puts the group that is worse beyond chance first, with its signed shift', () => {
  const [worst, other] = slices(rows(-22.4), { truth: 'y' })
  assert.equal([worst?.feature, worst?.label, worst?.rows, worst?.error?.isWorse], ['sex', 'a', 100, true])
  assert.ok(Math.abs((worst?.bias?.shift ?? 0) + 22.4) < 0.5, String(worst?.bias?.shift))
  assert.is(other?.error?.isWorse, false)
})

test('compareSlices calls no group worse that only chance makes so', () => {
  assert.equal(
    slices(rows(0), { truth: 'y' }).map(({ error }) => error?.isWorse),
    [false, false],
  )
})

test('a group whose answers only shift needs attention beside what all other rows do, whether the truth is known or not', () => {
  // Half of the rows are too high by 20 and half of those become too low by 20: no error grows.
  const shifting = rows(0).map((row, index) => {
    const by = row.features['sex'] === 'a' ? 20 : 0
    return { ...row, champion: { y: 98 + by + (index % 5) }, candidate: { y: 98 - by + ((index * 3) % 5) } }
  })
  for (const reading of [{ truth: 'y' }, undefined]) {
    const found = slices(shifting, reading)
    assert.equal(
      found.map(({ label, bias }) => [label, bias?.isApart]),
      [
        ['a', true],
        ['b', false],
      ],
    )
    const predictions = comparePredictions(
      { golden: { passed: 1, total: 1 }, compared: { from: 'evaluation', rows: shifting, skipped: 0 } },
      INTERFACE,
      reading,
    )
    const [item] = itemsToJudge({ ...canary, gates: [], findings: [], predictions })
    assert.match(item ?? '', /^sex=a shifts: answers -40 \(-33 %\) on average, 0 in all other rows \(100 rows; no gate/)
  }
  // All rows alike: no group is apart.
  const alike = rows(0).map((row, index) => ({
    ...row,
    candidate: { y: Number(row.champion['y']) - 20 + (index % 3) },
  }))
  assert.equal(
    slices(alike, undefined).map(({ bias }) => bias?.isApart),
    [false, false],
  )
})

test('a group whose error falls beyond chance needs no attention, however much it changes', () => {
  const better = rows(0).map((row, index) => {
    const by = row.features['sex'] === 'a' ? 20 : 0
    return { ...row, champion: { y: 100 + by + (index % 5) }, candidate: { y: 100 + (index % 5) } }
  })
  assert.equal(
    slices(better, { truth: 'y' }).map(({ error }) => error?.isBetter),
    [false, true],
  )
  const predictions = comparePredictions(
    { golden: { passed: 1, total: 1 }, compared: { from: 'evaluation', rows: better, skipped: 0 } },
    INTERFACE,
    { truth: 'y' },
  )
  assert.equal(itemsToJudge({ ...canary, gates: canary.gates.slice(0, 1), findings: [], predictions }), [])
})

test('the output that runs is compared, in whatever order the outputs come; model.ts may name another; one that is gone is not replaced', () => {
  const output = (name: string) => ({ name, datatype: 'float32' as const, shape: ['batch', 1] })
  const [price, minutes] = [output('price'), output('minutes')]
  const ordered = (...outputs: (typeof price)[]): ModelInterface => ({ ...INTERFACE, outputs })
  const row = { champion: { price: 1, minutes: 2 }, candidate: { price: 3, minutes: 4 } }
  const compared = (candidate: ModelInterface, reading?: { output: string }) =>
    comparedDecision({ champion: ordered(price, minutes), candidate }, row, reading)?.output
  assert.is(compared(ordered(minutes, price)), 'price')
  assert.is(compared(ordered(minutes, price), { output: 'minutes' }), 'minutes')
  assert.is(compared(ordered(minutes)), undefined)
  assert.is(comparedDecision({ candidate: ordered(minutes, price) }, row)?.output, 'minutes')
})

test('the table of costs stands beside the intervals of its ratios, and shows one file once', () => {
  const cost = {
    from: { p50Ms: 1, p99Ms: 2, artifactBytes: 10 },
    to: { p50Ms: 1.01, p99Ms: 7, artifactBytes: 10 },
    p50Ratio: { low: 0.99, high: 1.02 },
    p99Ratio: { low: 0.4, high: 4.1 },
  }
  const section = costSection({ ...canary, cost })
  assert.match(section, 'After to before, 99 % intervals: p50 0.99x-1.02x, p99 0.40x-4.10x.')
  assert.not.match(costSentence({ ...canary, cost }), 'p99')
  const slow = { ...cost, p99Ratio: { low: 1.6, high: 2.4 } }
  assert.match(costSentence({ ...canary, cost: slow }), 'Slow calls are **slower** (p99 1.60x-2.40x).')
  const same = costSection({ ...canary, cost: { ...cost, sameArtifact: true } })
  assert.match(same, '| | Both versions |')
  assert.match(same, '| p50 | 1.01 ms |')
  assert.not.match(same, 'After to before')
})

test('comparePredictions subtracts nothing across a change of unit, goes by the name of an output, and compares equal units', () => {
  const inUnit = (unit: string, ...others: string[]) => ({
    ...INTERFACE,
    outputs: [
      ...others.map((name) => ({ name, datatype: 'string', shape: ['batch'] })),
      ...INTERFACE.outputs.map((one) => ({ ...one, unit })),
    ],
  })
  const compared = (was: string, is: string) => {
    const found: Replay = {
      golden: { passed: 1, total: 1 },
      compared: { from: 'evaluation', rows: rows(5), skipped: 0 },
    }
    const [former, candidate] = [inUnit(was), inUnit(is)] as ModelInterface[]
    return comparePredictions(found, candidate as ModelInterface, { truth: 'y' }, former)
  }
  const predictions = compared('USD', 'kUSD')
  assert.equal(predictions, { kind: 'unknown', reason: 'unit changed from USD to kUSD' })
  const { body } = describePromotion({ ...canary, predictions })
  assert.match(body, '**Not compared**: unit changed from USD to kUSD')
  assert.not.match(body, 'By group')
  assert.is(compared('USD', 'USD').kind, 'regression')
  const [before, after] = [inUnit('USD'), inUnit('USD', 'label')] as [ModelInterface, ModelInterface]
  assert.is(unitChange(before, after), undefined)
})

test('equal answers are said in a sentence, without tables of zeros', () => {
  const same = rows(0).map((row) => ({ ...row, candidate: row.champion }))
  const found: Replay = { golden: { passed: 1, total: 1 }, compared: { from: 'evaluation', rows: same, skipped: 0 } }
  const { body } = describePromotion({ ...canary, predictions: comparePredictions(found, INTERFACE, { truth: 'y' }) })
  assert.match(body, 'No prediction changes (200 rows).')
  assert.match(body, 'Every answer is the same')
  assert.not.match(body, /By group|relative to before/)
})

test('clauses below the gates are joined without a full stop between them', () => {
  const gate = {
    name: 'mae vs champion',
    result: 'fail',
    detail: '+9 %',
    note: 'because (of this).',
    overridden: 'agreed.',
  }
  const section = gatesSection({ gates: [gate as GateResult, { ...(gate as GateResult), overridden: 'yes' }] })
  assert.match(section, 'Because (of this); failed, overridden: agreed.')
  assert.not.match(section, /\.;|\.\./)
})

test('costSentence says no more than the interval of the ratio', () => {
  const said = (low: number, high: number) =>
    costSentence({ ...canary, cost: { from: {}, to: {}, p50Ratio: { low, high } } })
  assert.is(said(1.9, 2.1), 'The model is **slower** (p50 1.90x-2.10x).')
  assert.is(said(0.4, 0.6), 'The model is faster (p50 0.40x-0.60x).')
  assert.is(said(0.97, 1.04), 'Latency is unchanged (p50 0.97x-1.04x).')
  assert.is(said(1.02, 1.06), 'Latency changes by less than 10 % (p50 1.02x-1.06x).')
  assert.is(said(0.8, 1.4), 'Cannot tell whether latency changes (p50 0.80x-1.40x).')
  const grown = { from: { artifactBytes: 1000, memoryBytes: 39e6 }, to: { artifactBytes: 1e6, memoryBytes: 53e6 } }
  assert.match(
    costSentence({ ...canary, cost: grown }),
    'Memory is **1.36x** as large. The artifact is **1,000x** as large.',
  )
  assert.is(costSentence({ ...canary, cost: { ...grown, sameArtifact: true } }), 'The artifact is the same file.')
})

test.run()
