import { generator } from '../../generators/gates/random.ts'
import type { Version, World } from './candidates.ts'
import { linear, probability, type Row } from './model.ts'
import { samplesRows } from './repository.ts'

/** What both versions really answer, from the weights that they were made of. */
export interface Compared {
  from: 'evaluation' | 'golden'
  rows: Answered[]
  skipped: number
}

export interface Answered extends Row {
  id: string
  /** Prices, or probabilities of a fraud. */
  before: number
  after: number
}

/** Undefined where nothing can be compared. */
export function comparedRows(world: World): Compared | undefined {
  const { champion, candidate, rows, hasRows } = world
  if (!champion || champion.unit !== candidate.unit) return undefined
  const isEvaluated = hasRows
  const asked = isEvaluated
    ? rows.map((row, index) => ({ ...row, id: `row ${index + 1}` }))
    : samplesRows(world, candidate).map((row, index) => ({ ...row, id: `sample-${index + 1}` }))
  const taken = asked.filter(({ zone }) => [champion, candidate].every(({ zones }) => zones.includes(zone)))
  const answered = taken.map((row) => ({ ...row, before: answerOf(champion, row), after: answerOf(candidate, row) }))
  return { from: isEvaluated ? 'evaluation' : 'golden', rows: answered, skipped: asked.length - taken.length }
}

function answerOf({ outputs, labels }: Version, row: Row): number {
  const main = outputs.find(({ name }) => name !== 'minutes')
  if (!main) throw new Error('no output')
  return labels ? probability(main.weights, row) : Math.fround(linear(main.weights, row))
}

export const labelOf = (fraud: number) => (fraud > 0.5 ? 'fraud' : 'genuine')
export const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Both versions' mean absolute error, and the interval of the difference between them. */
export function pairedMae(rows: readonly Answered[]): { before: number; after: number; low: number; high: number } {
  const errors = rows.map(({ truth, before, after }) => {
    return [Math.abs(before - Number(truth)), Math.abs(after - Number(truth))] as const
  })
  const random = generator(rows.length)
  const draws = Array.from({ length: 2000 }, () => {
    const drawn = rows.map(() => errors[Math.floor(random() * rows.length)] ?? [0, 0])
    return mean(drawn.map(([, after]) => after)) - mean(drawn.map(([before]) => before))
  }).sort((a, b) => a - b)
  const at = (share: number) => draws[Math.round(share * (draws.length - 1))] ?? Number.NaN
  return {
    before: mean(errors.map(([one]) => one)),
    after: mean(errors.map(([, two]) => two)),
    low: at(0.025),
    high: at(0.975),
  }
}

export interface Group {
  name: string
  rows: number
  isWorse: boolean
  isBetter: boolean
  isApart: boolean
  /** Mean change, of labels or of prices without their sign. */
  change: number
  ratio: number
  shift: number
  level: number
  elsewhere: number
  error?: { before: number; after: number }
}

/** Every group of at least twenty rows, in no order. */
export function groupsOf({ task }: World, { from, rows }: Compared): Group[] {
  const isClass = task === 'fraud'
  const changed = (row: Answered) =>
    isClass ? Number(labelOf(row.before) !== labelOf(row.after)) : Math.abs(row.after - row.before)
  const wrong = (row: Answered, answer: number) =>
    isClass ? Number(labelOf(answer) !== row.truth) : Math.abs(answer - Number(row.truth))
  const groups = (['night', 'zone'] as const).flatMap((feature) => {
    return [...new Set(rows.map((row) => row[feature]))].flatMap((label) => {
      const inside = rows.filter((row) => row[feature] === label)
      const outside = rows.filter((row) => row[feature] !== label)
      return inside.length < 20 || outside.length === 0 ? [] : [{ name: `${feature}=${label}`, inside, outside }]
    })
  })
  const differences = groups.map(({ inside }) => inside.map((row) => wrong(row, row.after) - wrong(row, row.before)))
  const knowsTruth = from === 'evaluation'
  const worse = holm(differences.map((some) => oneSided(some)))
  const better = holm(differences.map((some) => oneSided(some.map((value) => -value))))
  const apart = holm(groups.map(({ inside, outside }) => twoSided(inside.map(shiftOf), outside.map(shiftOf))))
  const overall = mean(rows.map(changed))
  return groups.map(({ name, inside, outside }, index) => {
    const [shift, elsewhere] = [mean(inside.map(shiftOf)), mean(outside.map(shiftOf))]
    const level = mean(inside.map(({ before }) => Math.abs(before)))
    const change = mean(inside.map(changed))
    return {
      name,
      rows: inside.length,
      isWorse: knowsTruth && worse[index] === true,
      isBetter: knowsTruth && better[index] === true,
      isApart:
        !isClass &&
        apart[index] === true &&
        Math.abs(shift) > Math.abs(elsewhere) &&
        Math.abs(shift - elsewhere) >= 0.05 * level,
      change,
      ratio: overall === 0 ? 1 : change / overall,
      shift,
      level,
      elsewhere,
      ...(knowsTruth && {
        error: {
          before: mean(inside.map((row) => wrong(row, row.before))),
          after: mean(inside.map((row) => wrong(row, row.after))),
        },
      }),
    }
  })
}

const shiftOf = ({ before, after }: Answered) => after - before

function holm(chances: readonly number[]): boolean[] {
  const order = chances.map((_, index) => index).sort((a, b) => (chances[a] ?? 1) - (chances[b] ?? 1))
  const rejected = chances.map(() => false)
  for (const [rank, index] of order.entries()) {
    if ((chances[index] ?? 1) > 0.05 / (chances.length - rank)) break
    rejected[index] = true
  }
  return rejected
}

const variance = (values: readonly number[]) =>
  mean(values.map((value) => (value - mean(values)) ** 2)) * (values.length / (values.length - 1))

function oneSided(values: readonly number[]): number {
  if (mean(values) <= 0) return 1
  return tail(mean(values) / Math.sqrt(variance(values) / values.length))
}

function twoSided(one: readonly number[], other: readonly number[]): number {
  const distance = Math.abs(mean(one) - mean(other))
  if (distance === 0) return 1
  return 2 * tail(distance / Math.sqrt(variance(one) / one.length + variance(other) / other.length))
}

/** Upper tail of the standard normal distribution, by Simpson's rule. */
function tail(z: number): number {
  const end = Math.min(z, 12)
  const steps = 2000
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  let sum = density(0) + density(end)
  for (let step = 1; step < steps; step++) sum += density((end * step) / steps) * (step % 2 === 0 ? 2 : 4)
  return Math.max(0, 0.5 - (sum * end) / steps / 3)
}
