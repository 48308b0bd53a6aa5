import type { ModelInterface } from 'modelyard-serving/contract'
import type { EvaluationRows } from '../definitions/index.ts'
import { type Decision, type ReplayedRow, sliceFeatures } from '../gates/index.ts'
import type { Slice } from './report.ts'

/** Fewer rows than this say nothing of a group. */
const FEWEST = 20
const MOST_SLICES = 8
/** Chance of one false alarm or more among all groups that are looked at. */
const ALPHA = 0.05

/** A group's answers are apart from those of all other rows by less than this share of what they were: told in the table alone. */
const SHIFT = 0.05

/**
 * How each declared category fares against the version before, the worst first. A group is worse or better where the truth is known, or
 * shifted against the other rows, when its differences are so beyond chance: by a normal test of their mean and the correction for many
 * looks of S. Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979). Groups without the truth are ordered by how much
 * they change.
 */
export function compareSlices(
  rows: readonly ReplayedRow[],
  modelInterface: ModelInterface,
  decision: Decision,
  reading: EvaluationRows | undefined,
): Slice[] {
  const change = ({ champion, candidate }: ReplayedRow) =>
    decision.kind === 'class'
      ? Number(decision.read(champion) !== decision.read(candidate))
      : decision.read(candidate) - decision.read(champion)
  const error = (row: ReplayedRow, answer: ReplayedRow['candidate']) =>
    decision.kind === 'class'
      ? Number(decision.read(answer) !== row.truth)
      : Math.abs(decision.read(answer) - Number(row.truth))
  const overall = mean(rows.map((row) => Math.abs(change(row))))
  const groups = groupsOf(rows, sliceFeatures(modelInterface))
  const knowsTruth = groups.map(
    ({ members }) => reading !== undefined && members.every(({ truth = '' }) => truth !== ''),
  )
  const growths = groups.map(({ members }, index) =>
    knowsTruth[index] ? members.map((row) => error(row, row.candidate) - error(row, row.champion)) : [],
  )
  const worse = beyondChance(growths.map(meanAboveZero))
  const better = beyondChance(growths.map((growth) => meanAboveZero(growth.map((value) => -value))))
  const apart = beyondChance(groups.map(({ members, others }) => meansApart(members.map(change), others.map(change))))
  const found = groups.map(({ feature, label, members, others }, index) => {
    const of = mean(members.map((row) => Math.abs(change(row))))
    const slice: Slice = { feature, label, rows: members.length, change: of, ratio: overall === 0 ? 1 : of / overall }
    if (decision.kind === 'number') {
      const level = mean(members.map((row) => Math.abs(decision.read(row.champion))))
      const [shift, elsewhere] = [members, others].map((some) => mean(some.map(change))) as [number, number]
      const isLarge = Math.abs(shift) > Math.abs(elsewhere) && Math.abs(shift - elsewhere) >= SHIFT * level
      slice.bias = {
        shift,
        ...(level > 0 && { relative: shift / level }),
        elsewhere,
        isApart: isLarge && apart[index] === true,
      }
    }
    if (!knowsTruth[index]) return slice
    const [from, to] = [
      mean(members.map((row) => error(row, row.champion))),
      mean(members.map((row) => error(row, row.candidate))),
    ]
    return { ...slice, error: { from, to, isWorse: worse[index] === true, isBetter: better[index] === true } }
  })
  return found.sort((a, b) => badness(b) - badness(a)).slice(0, MOST_SLICES)
}

/** By chances of each being so by luck: which are not, where one false alarm among all is as rare as ALPHA. */
function beyondChance(chances: readonly (number | undefined)[]): boolean[] {
  const tested = chances
    .flatMap((chance, index) => (chance === undefined ? [] : [{ chance, index }]))
    .sort((a, b) => a.chance - b.chance)
  const first = tested.findIndex(({ chance }, rank) => chance > ALPHA / (tested.length - rank))
  const kept = new Set(tested.slice(0, first === -1 ? tested.length : first).map(({ index }) => index))
  return chances.map((_, index) => kept.has(index))
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
      .map(([label, members]) => {
        const inside = new Set(members)
        return { feature, label, members, others: rows.filter((row) => !inside.has(row)) }
      })
  })
}

/** Worse beyond chance first, then what is shifted, then by how much the error grows, in shares of what it was. */
function badness({ error, ratio, bias }: Slice): number {
  const shifted = bias?.isApart && !error?.isBetter ? 1e3 : 0
  if (!error) return ratio + shifted - 1e6
  return (error.isWorse ? 1e6 : shifted) + (error.to - error.from) / (error.from || Number.EPSILON)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function variance(values: readonly number[]): number {
  const middle = mean(values)
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1)
}

/** One-sided: how likely a mean as large as this is where the true one is zero; undefined where there are no values. */
function meanAboveZero(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined
  const middle = mean(values)
  if (!(middle > 0)) return 1
  return upperTail(middle / Math.sqrt(variance(values) / values.length))
}

/** Two-sided: how likely two means as far apart as these are where the true ones are equal. */
function meansApart(one: readonly number[], other: readonly number[]): number {
  const distance = Math.abs(mean(one) - mean(other))
  if (!(distance > 0)) return 1
  return 2 * upperTail(distance / Math.sqrt(variance(one) / one.length + variance(other) / other.length))
}

/** Of the standard normal distribution: M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, 26.2.17 (error below 1e-7). */
function upperTail(z: number): number {
  // No variance at all.
  if (!Number.isFinite(z)) return 0
  const t = 1 / (1 + 0.2316419 * z)
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}
