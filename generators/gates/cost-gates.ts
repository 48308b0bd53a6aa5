import { type LatencyGate, type MemoryGate, parseDuration, parseMemory, parsePercentage } from '../definitions/index.ts'
import type { Contest, Verdict } from './gates.ts'

/** What two runs of the same version differ by on a machine that does other things too. */
const NOISE = { ms: 0.1, bytes: 8 * 2 ** 20 }

export function evaluateCost(gate: LatencyGate | MemoryGate, contest: Contest): Verdict {
  return gate.kind === 'latency' ? evaluateLatency(gate, contest) : evaluateMemory(gate, contest)
}

function evaluateLatency({ quantile, atMost, tolerance }: LatencyGate, { evidence, champion }: Contest): Verdict {
  const { latency } = evidence.replay ?? {}
  const is = latency?.candidate[`${quantile}Ms`]
  if (atMost !== undefined) {
    const name = `${quantile} <= ${atMost}`
    if (is === undefined) return { name, result: 'unknown', detail: 'not measured' }
    return { name, result: is <= parseDuration(atMost) ? 'pass' : 'fail', detail: `${Number(is.toPrecision(3))} ms` }
  }
  const was = latency?.champion?.[`${quantile}Ms`]
  return ratio(`${quantile} vs champion`, is, was, tolerance, NOISE.ms, champion !== undefined)
}

function evaluateMemory({ atMost, tolerance }: MemoryGate, { evidence, champion }: Contest): Verdict {
  const is = evidence.memory?.candidate.model
  if (atMost !== undefined) {
    const name = `memory <= ${atMost}`
    if (is === undefined) return { name, result: 'unknown', detail: 'not measured' }
    return { name, result: is <= parseMemory(atMost) ? 'pass' : 'fail', detail: formatMebibytes(is) }
  }
  const was = evidence.memory?.champion?.model
  return ratio('memory vs champion', is, was, tolerance, NOISE.bytes, champion !== undefined)
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

/** `214 Mi`, as Kubernetes counts. */
export function formatMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} Mi`
}
