import type { ModelInterface } from 'modelyard-serving/contract'
import type { EvaluationRows } from '../definitions/index.ts'
import { decisionOf, type ReplayedRow, sliceFeatures } from '../gates/index.ts'
import type { Slice } from './report.ts'

/** Fewer rows than this say nothing of a group. */
const FEWEST = 20
const MOST_SLICES = 8
/** Chance of one false alarm or more among all groups that are looked at. */
const ALPHA = 0.05

/**
 * How each declared category fares against the version before, the worst first. Where the truth is known, a group is worse or biased
 * beyond chance when its paired differences are, by a normal test of their mean and the correction for many looks of S. Holm, A
 * Simple Sequentially Rejective Multiple Test Procedure (1979): groups without the truth are ordered by how much they change.
 */
export function compareSlices(
  rows: readonly ReplayedRow[],
  modelInterface: ModelInterface,
  reading: EvaluationRows | undefined,
): Slice[] {
  const decision = decisionOf(modelInterface, rows[0]?.candidate)
  if (!decision) return []
  const change = ({ champion, candidate }: ReplayedRow) =>
    decision.kind === 'class'
      ? Number(decision.read(champion) !== decision.read(candidate))
      : decision.read(candidate) - decision.read(champion)
  const error = (row: ReplayedRow, answer: ReplayedRow['candidate']) =>
    decision.kind === 'class'
      ? Number(decision.read(answer) !== row.truth)
      : Math.abs(decision.read(answer) - Number(row.truth))
  const overall = mean(rows.map((row) => Math.abs(change(row))))
  const found = groupsOf(rows, sliceFeatures(modelInterface)).map(({ feature, label, members }) => {
    const of = mean(members.map((row) => Math.abs(change(row))))
    const slice: Slice = { feature, label, rows: members.length, change: of, ratio: overall === 0 ? 1 : of / overall }
    if (decision.kind === 'number') {
      const levels = mean(members.map((row) => Math.abs(decision.read(row.champion))))
      const shift = mean(members.map(change))
      slice.bias = { shift, ...(levels > 0 && { relative: shift / levels }) }
    }
    const knowsTruth = reading !== undefined && members.every(({ truth = '' }) => truth !== '')
    if (!knowsTruth) return { slice, chance: 1 }
    const [before, after] = [
      members.map((row) => error(row, row.champion)),
      members.map((row) => error(row, row.candidate)),
    ]
    const chance = chanceOfWorse(after.map((value, index) => value - (before[index] ?? 0)))
    return { slice: { ...slice, error: { from: mean(before), to: mean(after), isWorse: false } }, chance }
  })
  const tested = found.filter(({ slice }) => slice.error).sort((a, b) => a.chance - b.chance)
  for (const [index, { slice, chance }] of tested.entries()) {
    if (chance > ALPHA / (tested.length - index)) break
    if (slice.error) slice.error.isWorse = true
  }
  return found
    .map(({ slice }) => slice)
    .sort((a, b) => badness(b) - badness(a))
    .slice(0, MOST_SLICES)
}

function groupsOf(rows: readonly ReplayedRow[], features: readonly string[]) {
  return features.flatMap((feature) => {
    const groups = new Map<string, ReplayedRow[]>()
    for (const row of rows) {
      const label = String(row.features[feature] ?? 'missing')
      const members = groups.get(label)
      if (members) members.push(row)
      else groups.set(label, [row])
    }
    return [...groups]
      .filter(([, { length }]) => length >= FEWEST && length < rows.length)
      .map(([label, members]) => ({ feature, label, members }))
  })
}

/** Worse beyond chance first, then by how much the error grows, in shares of what it was. */
function badness({ error, ratio }: Slice): number {
  if (!error) return ratio - 1e6
  return (error.isWorse ? 1e6 : 0) + (error.to - error.from) / (error.from || Number.EPSILON)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** One-sided: how likely a mean difference as large as this is where the true one is zero. */
function chanceOfWorse(differences: readonly number[]): number {
  const middle = mean(differences)
  const variance = differences.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (differences.length - 1)
  if (!(middle > 0)) return 1
  return variance === 0 ? 0 : upperTail(middle / Math.sqrt(variance / differences.length))
}

/** Of the standard normal distribution: M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, 26.2.17 (error below 1e-7). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}
