import type { ModelInterface } from 'modelyard-serving/contract'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Replay, type ReplayedRow, unitChange } from '../gates/index.ts'
import { describePromotion } from './describe.ts'
import { gatesSection } from './gates-section.ts'
import { comparePredictions } from './predictions.ts'
import type { GateResult } from './report.ts'
import { compareSlices } from './slices.ts'
import { costSentence } from './summary.ts'
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

test('compareSlices puts the group that is worse beyond chance first, with its signed shift', () => {
  const [worst, other] = compareSlices(rows(-22.4), INTERFACE, { truth: 'y' })
  assert.equal([worst?.feature, worst?.label, worst?.rows, worst?.error?.isWorse], ['sex', 'a', 100, true])
  assert.ok(Math.abs((worst?.bias?.shift ?? 0) + 22.4) < 0.5, String(worst?.bias?.shift))
  assert.is(other?.error?.isWorse, false)
})

test('compareSlices calls no group worse that only chance makes so', () => {
  assert.equal(
    compareSlices(rows(0), INTERFACE, { truth: 'y' }).map(({ error }) => error?.isWorse),
    [false, false],
  )
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
  assert.equal(predictions, { kind: 'unknown', reason: 'not comparable: unit changed from USD to kUSD' })
  const { body } = describePromotion({ ...canary, predictions })
  assert.match(body, '**Not compared**: not comparable: unit changed from USD to kUSD')
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
