import {
  type ChampionGate,
  type PromotionGate,
  parsePercentage,
  type ThresholdGate,
  type VersionFile,
} from '../definitions/index.ts'
import { evaluateCost } from './cost-gates.ts'
import { unitChange } from './decision.ts'
import { evaluateEvaluation } from './evaluation-gates.ts'
import { type Evidence, ifNotRun } from './evidence.ts'
import { type PairedInterval, pairedInterval } from './paired-interval.ts'
import type { ReplayedRow, UnknownGolden } from './replay.ts'
import type { ScoredRows } from './row-metrics.ts'

/** What one gate found. `unknown`: it could not be checked, or cannot tell, which is never a pass. */
export interface Verdict {
  name: string
  result: 'pass' | 'fail' | 'pending' | 'unknown'
  detail: string
  /** For those who wonder: clauses without a full stop, joined by semicolons. */
  note?: string
  /** What programs decide by, where the result does not say it. */
  cause?: VerdictCause
}

/**
 * - `not-run`: models were not run, as with `--offline`, and that alone would tell
 * - `none-registered`, `files-missing`, `not-runnable`: why golden samples were not run
 * - `frozen`: a freeze lasts
 */
export type VerdictCause = 'not-run' | UnknownGolden['cause'] | 'frozen'

/** How one gate judged a promotion. */
export interface GateResult extends Verdict {
  /** What `--override` calls it: `mae-vs-champion`. */
  gate: string
  /** Blocks nothing, whatever it says. */
  advisory?: true
  /** Why it does not block although it says so, in the words of whoever decided that. */
  overridden?: string
}

export type Metrics = Readonly<Record<string, number>>

/** What a gate of a model is judged by. */
export interface Contest {
  candidate: VersionFile
  /** What runs in the target environment; absent when nothing does. */
  champion?: VersionFile
  evidence: Evidence
  /** Both versions on the evaluation rows with their truth. */
  scored: ScoredRows | { unknown: string }
  rows: readonly ReplayedRow[]
}

/** The name by which a gate is overridden. */
export function gateId(gate: PromotionGate): string {
  switch (gate.kind) {
    case 'threshold':
      return gate.metric
    case 'champion':
      return `${gate.metric}-vs-champion`
    case 'latency':
      return `${gate.quantile}${gate.tolerance === undefined ? '' : '-vs-champion'}`
    case 'memory':
      return `memory${gate.tolerance === undefined ? '' : '-vs-champion'}`
    default:
      return gate.kind
  }
}

export function evaluateGate(gate: PromotionGate, contest: Contest): Verdict {
  switch (gate.kind) {
    case 'threshold':
      return evaluateThreshold(gate, contest.candidate.evaluation.metrics)
    case 'champion':
      return evaluateAgainstChampion(gate, contest)
    case 'latency':
    case 'memory':
      return evaluateCost(gate, contest)
    default:
      return evaluateEvaluation(gate, contest)
  }
}

/** A validation gate: an absolute bound on a metric of the version itself. */
export function evaluateThreshold(gate: ThresholdGate, metrics: Metrics): Verdict {
  const { metric, comparison, value } = gate
  const atLeast = comparison === 'at-least'
  const name = `${metric} ${atLeast ? '>=' : '<='} ${value}`
  const measured = metrics[metric]
  if (measured === undefined) return { name, result: 'unknown', detail: 'not measured' }
  const passes = atLeast ? measured >= value : measured <= value
  // Never "3" for a value that fails "<= 3".
  const isTold = (text: string) => passes || (atLeast ? Number(text) < value : Number(text) > value)
  return { name, result: passes ? 'pass' : 'fail', detail: formatMetric(measured, isTold) }
}

function evaluateAgainstChampion(gate: ChampionGate, contest: Contest): Verdict {
  const { metric, better, tolerance, confidence } = gate
  const { candidate, champion } = contest
  const name = `${metric} vs champion`
  const measured = candidate.evaluation.metrics[metric]
  if (measured === undefined) return { name, result: 'unknown', detail: 'not measured' }
  if (!champion) return { name, result: 'pass', detail: 'no champion yet' }
  const interval = intervalOf(gate, contest)
  const units = champion.interface && unitChange(champion.interface, candidate.interface)
  if (confidence !== undefined && units === undefined) return judgeInterval(gate, interval, contest)
  const reference = champion.evaluation.metrics[metric]
  if (reference === undefined) return { name, result: 'unknown', detail: 'champion: none' }
  if (units !== undefined) return { name, result: 'unknown', detail: 'other unit', note: `not comparable: ${units}` }
  // Measured again on the same rows, both count, whatever rows the registered figures were of.
  if ('unknown' in interval && otherRows(candidate, champion)) {
    return { name, result: 'unknown', detail: 'other data', note: otherRows(candidate, champion) ?? '' }
  }
  // Row and note show one kind of number: replayed on the same rows where there are any, registered otherwise.
  const [is, was] = 'unknown' in interval ? [measured, reference] : [interval.candidate, interval.champion]
  const allowed = Math.abs(was) * parsePercentage(tolerance)
  const worseBy = better === 'lower' ? is - was : was - is
  // What the subtraction itself rounds is no difference.
  const passes = worseBy - allowed <= Math.abs(was) * 1e-12
  const result = passes ? 'pass' : 'fail'
  const sign = is > was ? '+' : ''
  const word = is === was ? '' : worseBy > 0 ? ' worse' : ' better'
  const note = {
    note: 'unknown' in interval ? 'registered figures' : describeInterval(gate, interval, allowed),
  }
  if (was === 0) return { name, result, detail: `${sign}${formatMetric(is)}${word}`, ...note }
  const percent = ((is - was) / Math.abs(was)) * 100
  const detail = `${sign}${percent.toFixed(passes ? 1 : 2)} %${word}${passes ? '' : ` (allowed ${tolerance})`}`
  return { name, result, detail, ...note }
}

/** Why two registered figures of one metric say nothing of each other; undefined where they do, or no digest tells. */
function otherRows({ evaluation: { dataset: now } }: VersionFile, { evaluation: { dataset: then } }: VersionFile) {
  if (now.sha256 === undefined || then.sha256 === undefined || now.sha256 === then.sha256) return undefined
  return `the champion was measured on another data set (${then.name}, sha256 ${then.sha256.slice(0, 12)})`
}

function intervalOf(
  { metric, confidence = '95%' }: ChampionGate,
  { scored }: Contest,
): PairedInterval | { unknown: string } {
  if ('unknown' in scored) return scored
  const formula = scored.metrics[metric]
  if (!formula) {
    return { unknown: `${metric} is not computed from rows; known: ${Object.keys(scored.metrics).join(', ')}` }
  }
  return pairedInterval(scored, formula, parsePercentage(confidence))
}

/** Luck of the rows decides nothing: the whole interval must be on one side of what is allowed. */
function judgeInterval(
  gate: ChampionGate,
  interval: PairedInterval | { unknown: string },
  { evidence }: Contest,
): Verdict {
  const { metric, better, tolerance } = gate
  const name = `${metric} vs champion, ${gate.confidence}`
  if ('unknown' in interval)
    return { name, result: 'unknown', detail: 'no rows', note: interval.unknown, ...ifNotRun(evidence) }
  const { low, high, champion } = interval
  if (!Number.isFinite(low + high)) return { name, result: 'unknown', detail: 'no interval' }
  const allowed = Math.abs(champion) * parsePercentage(tolerance)
  const [best, worst] = better === 'lower' ? [low, high] : [-high, -low]
  const result = worst <= allowed ? 'pass' : best > allowed ? 'fail' : 'unknown'
  const detail = { pass: 'not worse', fail: 'worse', unknown: 'cannot tell' }[result]
  return { name, result, detail, note: `${describeInterval(gate, interval, allowed)}; allowed ${tolerance} worse` }
}

/** Without a `confidence` the gate compares the figures themselves; that chance could hide more than is allowed is said. */
function describeInterval(
  { metric, better, confidence: asked }: ChampionGate,
  { low, high, difference, confidence, rows }: PairedInterval,
  allowed: number,
): string {
  const worst = better === 'lower' ? high : -low
  const doubt = asked === undefined && worst > allowed ? '; worse than allowed cannot be ruled out' : ''
  const signed = (value: number) => `${value > 0 ? '+' : ''}${formatMetric(value)}`
  const percent = Number((confidence * 100).toFixed(1))
  return `replayed: ${metric} ${signed(difference)}, ${percent} % paired: ${signed(low)} ... ${signed(high)} (${rows} rows)${doubt}`
}

/** Four significant digits, enough to compare by eye, or as many as `isTold` needs. */
export function formatMetric(value: number, isTold: (text: string) => boolean = () => true): string {
  for (let digits = 4; digits < 17; digits++) {
    const text = String(Number(value.toPrecision(digits)))
    if (isTold(text)) return text
  }
  return String(value)
}
