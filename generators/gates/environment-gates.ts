import {
  type EnvironmentGates,
  type LiveGates,
  parseDuration,
  parsePercentage,
  type VersionFile,
} from '../definitions/index.ts'
import type { Evidence } from './evidence.ts'
import { frozenBy } from './freeze.ts'
import type { GateResult } from './gates.ts'
import { formatDuration } from './time.ts'

/** When a gate is judged: a promotion is opened as a pull request, and merged. */
export type Moment = 'open' | 'merge'

/** Fewer requests tell nothing of one that fails in a hundred. */
const REQUESTS = 100

/** What an environment asks of every promotion into it. */
export function evaluateEnvironment(
  gates: EnvironmentGates | undefined,
  candidate: VersionFile,
  evidence: Evidence,
  moment: Moment,
): { setting: keyof EnvironmentGates; result: GateResult }[] {
  const of = (setting: keyof EnvironmentGates, results: GateResult[]) => results.map((result) => ({ setting, result }))
  return [
    ...of('lineage', [evaluateLineage(gates?.lineage, candidate)]),
    ...of('soak', evaluateSoak(gates?.soak, evidence)),
    ...of('live', evaluateLive(gates?.live, evidence)),
    ...of('freeze', evaluateFreeze(gates?.freeze, evidence, moment)),
    ...of('approvals', evaluateApprovals(gates?.approvals, evidence, moment)),
  ]
}

function evaluateLineage(wanted: string[] | undefined, { lineage }: VersionFile): GateResult {
  const base = { gate: 'lineage', name: 'lineage' }
  if (Object.keys(lineage).length === 0) return { ...base, result: 'fail', detail: 'none' }
  const missing = (wanted ?? []).filter((field) => !isGiven(valueAt(lineage, field)))
  if (missing.length > 0) return { ...base, result: 'fail', detail: `no ${missing.join(', ')}` }
  return { ...base, result: 'pass', detail: wanted ? `${wanted.length} fields` : 'given' }
}

function valueAt(value: unknown, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>(
      (inner, key) => (typeof inner === 'object' ? (inner as Record<string, unknown> | null)?.[key] : undefined),
      value,
    )
}

const isGiven = (value: unknown) => value !== undefined && value !== null && value !== ''

function evaluateSoak(wanted: EnvironmentGates['soak'], { soak }: Evidence): GateResult[] {
  if (wanted === undefined) return []
  const base = { gate: 'soak', name: `soak >= ${wanted}, loaded` }
  if (!soak) return [{ ...base, result: 'unknown', detail: 'not checked', note: 'no Prometheus address is known' }]
  if ('unknown' in soak) return [{ ...base, result: 'unknown', detail: 'not checked', note: soak.unknown }]
  const passes = soak.value >= parseDuration(wanted)
  return [{ ...base, result: passes ? 'pass' : 'fail', detail: formatDuration(soak.value) }]
}

function evaluateLive(wanted: LiveGates | undefined, { live }: Evidence): GateResult[] {
  if (!wanted) return []
  const { errorRate, latencyP99, requests = REQUESTS } = wanted
  const rows: GateResult[] = []
  const add = (
    gate: string,
    name: string,
    judge: (figures: Extract<typeof live, { value: unknown }>['value']) => [boolean, string],
  ) => {
    const base = { gate, name }
    if (!live) {
      rows.push({ ...base, result: 'unknown', detail: 'not checked', note: 'no Prometheus address is known' })
    } else if ('unknown' in live) {
      rows.push({ ...base, result: 'unknown', detail: 'not checked', note: live.unknown })
    } else if (live.value.requests < requests) {
      rows.push({
        ...base,
        result: 'unknown',
        detail: 'cannot tell',
        note: `${live.value.requests} requests, and fewer than ${requests} tell nothing`,
      })
    } else {
      const [passes, detail] = judge(live.value)
      rows.push({ ...base, result: passes ? 'pass' : 'fail', detail })
    }
  }
  if (errorRate !== undefined) {
    add('live-error-rate', `live error rate <= ${errorRate}`, (figures) => [
      figures.errorRate <= parsePercentage(errorRate),
      `${Number((figures.errorRate * 100).toPrecision(3))} %`,
    ])
  }
  if (latencyP99 !== undefined) {
    add('live-p99', `live p99 <= ${latencyP99}`, (figures) => [
      figures.p99Ms <= parseDuration(latencyP99),
      `${Number(figures.p99Ms.toPrecision(3))} ms`,
    ])
  }
  return rows
}

function evaluateFreeze(windows: EnvironmentGates['freeze'], { now }: Evidence, moment: Moment): GateResult[] {
  if (!windows || windows.length === 0) return []
  const base = { gate: 'freeze', name: 'no freeze' }
  const frozen = frozenBy(windows, now)
  if (!frozen) return [{ ...base, result: moment === 'merge' ? 'pass' : 'pending', detail: 'none now' }]
  const { until, timeZone, reason } = frozen
  const note = `${timeZone}${reason === undefined ? '' : `: ${reason}`}`
  const result = moment === 'merge' ? 'fail' : 'pending'
  return [{ ...base, result, detail: `frozen until ${until}`, note, cause: 'frozen' }]
}

function evaluateApprovals(wanted: number | undefined, { approvals }: Evidence, moment: Moment): GateResult[] {
  if (!wanted) return []
  const base = { gate: 'approvals', name: 'approvals' }
  if (moment === 'open') return [{ ...base, result: 'pending', detail: `0 of ${wanted}` }]
  if (!approvals) return [{ ...base, result: 'unknown', detail: 'not checked', note: 'no pull request was named' }]
  if ('unknown' in approvals) return [{ ...base, result: 'unknown', detail: 'not checked', note: approvals.unknown }]
  return [{ ...base, result: approvals.value >= wanted ? 'pass' : 'fail', detail: `${approvals.value} of ${wanted}` }]
}
