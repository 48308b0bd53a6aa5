import { type Gate, parsePercentage, type ThresholdGate } from '../define/index.ts'

/** How one gate judged. `unknown`: it could not be checked, which is never a pass. */
export interface GateResult {
  name: string
  result: 'pass' | 'fail' | 'pending' | 'unknown'
  detail: string
  /** A sentence for those who wonder. */
  note?: string
}

export type Metrics = Readonly<Record<string, number>>

/** @param champion metrics of the version that runs in the target environment; undefined when none runs there */
export function evaluateGate(gate: Gate, candidate: Metrics, champion: Metrics | undefined): GateResult {
  return gate.kind === 'threshold'
    ? evaluateThreshold(gate, candidate)
    : evaluateAgainstChampion(gate, candidate, champion)
}

/** A validation gate: an absolute bound on a metric of the version itself. */
export function evaluateThreshold(gate: ThresholdGate, metrics: Metrics): GateResult {
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

function evaluateAgainstChampion(
  gate: Extract<Gate, { kind: 'champion' }>,
  candidate: Metrics,
  champion: Metrics | undefined,
): GateResult {
  const { metric, better, tolerance } = gate
  const name = `${metric} vs champion`
  const measured = candidate[metric]
  if (measured === undefined) return { name, result: 'unknown', detail: 'not measured' }
  if (champion === undefined) return { name, result: 'pass', detail: 'no champion yet' }
  const reference = champion[metric]
  if (reference === undefined) return { name, result: 'unknown', detail: 'champion: none' }
  const allowed = Math.abs(reference) * parsePercentage(tolerance)
  const worseBy = better === 'lower' ? measured - reference : reference - measured
  // What the subtraction itself rounds is no difference.
  const passes = worseBy - allowed <= Math.abs(reference) * 1e-12
  const result = passes ? 'pass' : 'fail'
  const sign = measured > reference ? '+' : ''
  if (reference === 0) return { name, result, detail: `${sign}${formatMetric(measured)}` }
  const percent = ((measured - reference) / Math.abs(reference)) * 100
  return {
    name,
    result,
    detail: `${sign}${percent.toFixed(passes ? 1 : 2)} %${passes ? '' : ` (allowed ${tolerance})`}`,
  }
}

/** Four significant digits, enough to compare by eye, or as many as `isTold` needs. */
function formatMetric(value: number, isTold: (text: string) => boolean = () => true): string {
  for (let digits = 4; digits < 17; digits++) {
    const text = String(Number(value.toPrecision(digits)))
    if (isTold(text)) return text
  }
  return String(value)
}
