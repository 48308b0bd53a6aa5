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
  return { name, result: passes ? 'pass' : 'fail', detail: formatMetric(measured) }
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
  const change = reference === 0 ? measured - reference : ((measured - reference) / Math.abs(reference)) * 100
  const sign = change > 0 ? '+' : ''
  const detail = reference === 0 ? `${sign}${formatMetric(change)}` : `${sign}${change.toFixed(1)} %`
  return { name, result: worseBy <= allowed ? 'pass' : 'fail', detail }
}

/** Four significant digits: enough to compare by eye. */
export function formatMetric(value: number): string {
  return String(Number(value.toPrecision(4)))
}
