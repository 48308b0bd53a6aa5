import type { ModelInterface } from 'modelyard-serving/contract'
import type { EvaluationRows } from '../definitions/index.ts'
import { type Comparison, comparedDecision, type Replay, type ReplayedRow, unitChange } from '../gates/index.ts'
import type { ChangedRow, PredictionComparison } from './report.ts'
import { compareSlices } from './slices.ts'

/** Relative changes that a reader tells apart; the last bin is open. */
const RELATIVE = [
  { label: '0-1 %', below: 0.01 },
  { label: '1-5 %', below: 0.05 },
  { label: '5-20 %', below: 0.2 },
  { label: '> 20 %', below: Number.POSITIVE_INFINITY },
]
/** The same of a probability. */
const SCORE = [
  { label: '0.00-0.01', below: 0.01 },
  { label: '0.01-0.05', below: 0.05 },
  { label: '0.05-0.20', below: 0.2 },
  { label: '> 0.20', below: Number.POSITIVE_INFINITY },
]
const MOST_ROWS = 5

/** Replayed rows in the words of a review: changed decisions for a classifier, sizes of change for a number. */
export function comparePredictions(
  { compared, golden }: Replay,
  modelInterface: ModelInterface,
  reading?: EvaluationRows,
  former: ModelInterface = modelInterface,
): PredictionComparison {
  const samples = 'passed' in golden ? golden : { passed: 0, total: 0 }
  if ('unknown' in compared) return { kind: 'unknown', reason: compared.unknown }
  const { rows } = compared
  const decision = comparedDecision({ champion: former, candidate: modelInterface }, rows[0], reading)
  if (!decision) return { kind: 'unknown', reason: 'no output is a number or a class in both' }
  const units = decision.kind === 'number' ? unitChange(former, modelInterface, decision.output) : undefined
  if (units !== undefined) return { kind: 'unknown', reason: units }
  const common = {
    ...sourceOf(compared),
    golden: samples,
    slices: compareSlices(rows, modelInterface, decision, reading),
  }
  if (decision.kind === 'number') {
    const { read } = decision
    const changes = rows.map((row) => ({ row, was: read(row.champion), is: read(row.candidate) }))
    const absolute = changes.map(({ was, is }) => Math.abs(is - was))
    const relative = changes.map(({ was, is }) => Math.abs(is - was) / Math.max(Math.abs(was), Number.EPSILON))
    return {
      kind: 'regression',
      ...common,
      output: { name: decision.output, ...unitOf(modelInterface, decision.output) },
      ...sizes(absolute),
      histogram: histogram(RELATIVE, relative),
      largest: largest(changes, absolute),
    }
  }
  const { read, probabilities } = decision
  const flips = flipsOf(rows.map((row) => [read(row.champion), read(row.candidate)]))
  const label = reading?.positive ?? probabilities?.labels.at(-1)
  if (!probabilities || label === undefined) return { kind: 'classification', ...common, flips }
  const scores = rows.map((row) => ({
    row,
    was: probabilities.of(row.champion, label),
    is: probabilities.of(row.candidate, label),
  }))
  const absolute = scores.map(({ was, is }) => Math.abs(is - was))
  const score = { label, ...sizes(absolute), histogram: histogram(SCORE, absolute) }
  return { kind: 'classification', ...common, flips, score, largest: largest(scores, absolute) }
}

function unitOf({ outputs }: ModelInterface, output: string): { unit?: string } {
  const unit = outputs.find(({ name }) => name === output)?.unit
  return unit === undefined ? {} : { unit }
}

function sourceOf({ from, rows, skipped, note }: Comparison) {
  return { rows: rows.length, from, ...(skipped > 0 && { skipped }), ...(note !== undefined && { note }) }
}

function flipsOf(pairs: readonly (readonly [string, string])[]) {
  const counts = new Map<string, { from: string; to: string; rows: number }>()
  for (const [from, to] of pairs) {
    if (from === to) continue
    const key = JSON.stringify([from, to])
    counts.set(key, { from, to, rows: (counts.get(key)?.rows ?? 0) + 1 })
  }
  return [...counts.values()].sort((a, b) => b.rows - a.rows)
}

function sizes(absolute: readonly number[]) {
  return {
    meanAbsoluteChange: absolute.reduce((sum, change) => sum + change, 0) / absolute.length,
    // Not spread into Math.max: an evaluation set has more rows than a call takes arguments.
    maxAbsoluteChange: absolute.reduce((most, change) => (change > most || Number.isNaN(change) ? change : most), 0),
  }
}

function histogram(bins: typeof RELATIVE, changes: readonly number[]) {
  return bins.map(({ label, below }, index) => {
    const from = bins[index - 1]?.below ?? 0
    return { label, rows: changes.filter((change) => change >= from && change < below).length }
  })
}

/** Row ids and answers alone: values of features stay where the rows are. */
function largest(
  changes: readonly { row: ReplayedRow; was: number; is: number }[],
  absolute: readonly number[],
): ChangedRow[] {
  return changes
    .map(({ row: { id }, was, is }, index) => ({ id, from: was, to: is, change: absolute[index] ?? 0 }))
    .filter(({ change }) => change > 0)
    .sort((a, b) => b.change - a.change)
    .slice(0, MOST_ROWS)
    .map(({ id, from, to }) => ({ id, from, to }))
}
