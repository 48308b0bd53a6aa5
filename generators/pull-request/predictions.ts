import type { ModelInterface } from 'modelyard-serving/contract'
import type { ReplayResult } from '../change-set/index.ts'
import type { PredictionComparison } from './report.ts'

type Rows = Extract<ReplayResult, { rows: unknown }>['rows']

/** Relative changes that a reader tells apart; the last bin is open. */
const BINS = [
  { label: '0-1 %', below: 0.01 },
  { label: '1-5 %', below: 0.05 },
  { label: '5-20 %', below: 0.2 },
  { label: '> 20 %', below: Number.POSITIVE_INFINITY },
]

/** Replayed rows in the words of a review: changed decisions for a classifier, sizes of change for a number. */
export function comparePredictions(result: ReplayResult, modelInterface: ModelInterface): PredictionComparison {
  if ('unknown' in result) return { kind: 'unknown', reason: result.unknown }
  const { rows, golden } = result
  if (rows.length === 0) return { kind: 'unknown', reason: 'no row could be replayed' }
  const decided =
    modelInterface.outputs.find(({ labels }) => labels) ??
    modelInterface.outputs.find(({ datatype }) => datatype === 'string')
  if (decided) return { kind: 'classification', rows: rows.length, flips: flips(rows, decided.name), golden }
  const numeric = modelInterface.outputs.find(({ name }) => typeof rows[0]?.candidate[name] === 'number')
  if (!numeric) return { kind: 'unknown', reason: 'no output is a number or a class' }
  return { kind: 'regression', rows: rows.length, ...sizes(rows, numeric.name), golden }
}

function flips(rows: Rows, output: string) {
  const counts = new Map<string, { from: string; to: string; rows: number }>()
  for (const row of rows) {
    const [from, to] = [decision(row.champion[output]), decision(row.candidate[output])]
    if (from === to) continue
    const key = JSON.stringify([from, to])
    counts.set(key, { from, to, rows: (counts.get(key)?.rows ?? 0) + 1 })
  }
  return [...counts.values()].sort((a, b) => b.rows - a.rows)
}

/** The label of the largest probability, or the value itself. */
function decision(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value)
  const entries = Object.entries(value as Record<string, number>)
  return entries.reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['', Number.NEGATIVE_INFINITY])[0]
}

function sizes(rows: Rows, output: string) {
  const changes = rows.map(({ champion, candidate }) => {
    const [was, is] = [Number(champion[output]), Number(candidate[output])]
    return { absolute: Math.abs(is - was), relative: Math.abs(is - was) / Math.max(Math.abs(was), Number.EPSILON) }
  })
  const absolute = changes.map((change) => change.absolute)
  const histogram = BINS.map(({ label, below }, index) => {
    const from = BINS[index - 1]?.below ?? 0
    return { label, rows: changes.filter(({ relative }) => relative >= from && relative < below).length }
  })
  return {
    meanAbsoluteChange: absolute.reduce((sum, change) => sum + change, 0) / absolute.length,
    maxAbsoluteChange: Math.max(...absolute),
    histogram,
  }
}
