import type { ModelInterface } from 'modelyard-serving/contract'
import type { EvaluationRows } from '../definitions/index.ts'
import { decisionOf, type ReplayedRow, sliceFeatures } from '../gates/index.ts'
import type { Slice } from './report.ts'

/** Fewer rows than this say nothing of a group. */
const FEWEST = 20
const MOST_SLICES = 8
/** Two standard errors: one slice in twenty stands out by chance alone. */
const STANDS_OUT = 1.96

/**
 * How the rows of each declared category change against all rows, the most conspicuous first. With the truth, `worse` says by how much the
 * errors of a slice grow: a mean of paired differences that is more than 1.96 of its standard errors from zero.
 */
export function compareSlices(
  rows: readonly ReplayedRow[],
  modelInterface: ModelInterface,
  reading: EvaluationRows | undefined,
): Slice[] {
  const decision = decisionOf(modelInterface, rows[0]?.candidate)
  if (!decision) return []
  const change = (row: ReplayedRow) => {
    if (decision.kind === 'class') return Number(decision.read(row.champion) !== decision.read(row.candidate))
    return Math.abs(decision.read(row.candidate) - decision.read(row.champion))
  }
  const error = (row: ReplayedRow, answer: ReplayedRow['candidate']) => {
    if (decision.kind === 'class') return Number(decision.read(answer) !== row.truth)
    return Math.abs(decision.read(answer) - Number(row.truth))
  }
  const changes = rows.map(change)
  const overall = mean(changes)
  const slices = sliceFeatures(modelInterface).flatMap((feature) => {
    const groups = new Map<string, number[]>()
    rows.forEach(({ features }, index) => {
      const label = String(features[feature] ?? 'missing')
      groups.set(label, [...(groups.get(label) ?? []), index])
    })
    return [...groups].flatMap(([label, members]): Slice[] => {
      if (members.length < FEWEST || members.length === rows.length) return []
      const of = mean(members.map((index) => changes[index] ?? 0))
      const slice = { feature, label, rows: members.length, change: of, ratio: overall === 0 ? 1 : of / overall }
      const knowsTruth = reading !== undefined && members.every((index) => (rows[index]?.truth ?? '') !== '')
      if (!knowsTruth) return [slice]
      const own = members.flatMap((index) => rows[index] ?? [])
      const [before, after] = [own.map((row) => error(row, row.champion)), own.map((row) => error(row, row.candidate))]
      const differences = after.map((value, index) => value - (before[index] ?? 0))
      const stands = mean(differences) > STANDS_OUT * standardError(differences)
      return [{ ...slice, error: { from: mean(before), to: mean(after), isWorse: stands && mean(differences) > 0 } }]
    })
  })
  const weight = ({ error: errors, ratio }: Slice) => (errors?.isWorse ? 1000 : 0) + ratio
  return slices.sort((a, b) => weight(b) - weight(a)).slice(0, MOST_SLICES)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function standardError(values: readonly number[]): number {
  const middle = mean(values)
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1)
  return Math.sqrt(variance / values.length)
}
