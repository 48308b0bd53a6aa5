import { type LatencyGate, type MemoryGate, parseDuration, parseMemory, parsePercentage } from '../definitions/index.ts'
import { ifNotRun } from './evidence.ts'
import type { Contest, Verdict } from './gates.ts'
import { isEnough, type Latency } from './latency.ts'

/** What two runs of the same version differ by on a machine that does other things too. */
const NOISE = { ratio: 1.1, bytes: 8 * 2 ** 20 }

export function evaluateCost(gate: LatencyGate | MemoryGate, contest: Contest): Verdict {
  return gate.kind === 'latency' ? evaluateLatency(gate, contest) : evaluateMemory(gate, contest)
}

function evaluateLatency({ quantile, atMost, tolerance }: LatencyGate, { evidence, champion }: Contest): Verdict {
  const { latency } = evidence.replay ?? {}
  const is = latency?.candidate[`${quantile}Ms`]
  const few = latency && !isEnough(latency.candidate, quantile) ? fewCalls(latency.candidate, quantile) : undefined
  if (atMost !== undefined) {
    const name = `${quantile} <= ${atMost}`
    if (is === undefined) return { name, result: 'unknown', detail: 'not measured', ...ifNotRun(evidence) }
    if (few !== undefined) return { name, result: 'unknown', detail: 'cannot tell', note: few }
    return { name, result: is <= parseDuration(atMost) ? 'pass' : 'fail', detail: `${Number(is.toPrecision(3))} ms` }
  }
  const name = `${quantile} vs champion`
  if (!champion) return { name, result: 'pass', detail: 'no champion yet' }
  const measured = latency?.ratios?.[quantile]
  if (!measured) return { name, result: 'unknown', detail: 'not measured', ...ifNotRun(evidence) }
  if (few !== undefined) return { name, result: 'unknown', detail: 'cannot tell', note: few }
  // Noise decides nothing: the whole interval must be on one side of what is allowed.
  const allowed = 1 + parsePercentage(tolerance ?? '0%')
  const { low, high } = measured
  const result = high <= Math.max(allowed, NOISE.ratio) ? 'pass' : low > allowed ? 'fail' : 'unknown'
  const note = `${formatRatio(low)} to ${formatRatio(high)}, 99 % interval; allowed ${tolerance ?? '0%'} slower`
  return { name, result, detail: { pass: 'not slower', fail: 'slower', unknown: 'cannot tell' }[result], note }
}

function evaluateMemory({ atMost, tolerance }: MemoryGate, { evidence, champion }: Contest): Verdict {
  const is = evidence.memory?.candidate.model
  if (atMost !== undefined) {
    const name = `memory <= ${atMost}`
    if (is === undefined) return { name, result: 'unknown', detail: 'not measured', ...ifNotRun(evidence) }
    return { name, result: is <= parseMemory(atMost) ? 'pass' : 'fail', detail: formatMebibytes(is) }
  }
  const was = evidence.memory?.champion?.model
  const verdict = ratio('memory vs champion', is, was, tolerance, NOISE.bytes, champion !== undefined)
  return verdict.result === 'unknown' ? { ...verdict, ...ifNotRun(evidence) } : verdict
}

function ratio(
  name: string,
  is: number | undefined,
  was: number | undefined,
  tolerance: LatencyGate['tolerance'] = '0%',
  noise: number,
  hasChampion: boolean,
): Verdict {
  if (!hasChampion) return { name, result: 'pass', detail: 'no champion yet' }
  if (is === undefined || was === undefined) return { name, result: 'unknown', detail: 'not measured' }
  const percent = ((is - was) / was) * 100
  const passes = is - was <= Math.max(was * parsePercentage(tolerance), noise)
  const detail = `${percent > 0 ? '+' : ''}${percent.toFixed(0)} %${passes ? '' : ` (allowed ${tolerance})`}`
  return { name, result: passes ? 'pass' : 'fail', detail }
}

function fewCalls({ calls }: Latency, quantile: string): string {
  return `${calls} calls are too few for a ${quantile}`
}

/** `1.04x` */
function formatRatio(ratio: number): string {
  return `${ratio.toFixed(2)}x`
}

/** `214 Mi`, as Kubernetes counts. */
export function formatMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} Mi`
}
