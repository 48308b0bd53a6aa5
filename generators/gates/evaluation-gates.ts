import { type PromotionGate, parseDuration } from '../definitions/index.ts'
import type { Contest, Verdict } from './gates.ts'
import { formatDuration } from './time.ts'

type EvaluationGate = Extract<PromotionGate, { kind: 'evaluation-age' | 'evaluation-rows' | 'evaluation-data' }>

/** Gates on how the metrics were measured, not on what came out. */
export function evaluateEvaluation(gate: EvaluationGate, contest: Contest): Verdict {
  const { dataset } = contest.candidate.evaluation
  switch (gate.kind) {
    case 'evaluation-age':
      return evaluateAge(gate.atMost, contest)
    case 'evaluation-rows': {
      const name = `evaluation rows >= ${gate.atLeast}`
      if (dataset.rows === undefined) return { name, result: 'unknown', detail: 'not counted' }
      return { name, result: dataset.rows >= gate.atLeast ? 'pass' : 'fail', detail: String(dataset.rows) }
    }
    case 'evaluation-data':
      return evaluateData(contest)
  }
}

function evaluateAge(atMost: Parameters<typeof parseDuration>[0], { candidate, evidence: { now } }: Contest): Verdict {
  const name = `metrics not older than ${atMost}`
  const { measuredAt = candidate.lineage['trainedAt'] } = candidate.evaluation
  const measured = typeof measuredAt === 'string' ? Date.parse(measuredAt) : Number.NaN
  if (Number.isNaN(measured))
    return { name, result: 'unknown', detail: 'no date', note: 'the version has no measuredAt' }
  const age = now.getTime() - measured
  // A clock of another time zone is not worth a refusal; a date of next week is.
  if (age < -24 * 3_600_000)
    return { name, result: 'unknown', detail: 'in the future', note: `measured at ${measuredAt}` }
  return { name, result: age <= parseDuration(atMost) ? 'pass' : 'fail', detail: formatDuration(Math.max(0, age)) }
}

function evaluateData({ candidate, champion }: Contest): Verdict {
  const name = 'same evaluation data'
  if (!champion) return { name, result: 'pass', detail: 'no champion yet' }
  const [now, then] = [candidate.evaluation.dataset, champion.evaluation.dataset]
  if (now.sha256 === undefined || then.sha256 === undefined) {
    const who = now.sha256 === undefined ? candidate.version : champion.version
    return { name, result: 'unknown', detail: 'no digest', note: `the data set of ${who} has no digest` }
  }
  if (now.sha256 === then.sha256) return { name, result: 'pass', detail: now.sha256.slice(0, 12) }
  const note = `${then.name} sha256 ${then.sha256.slice(0, 12)}, now ${now.name} sha256 ${now.sha256.slice(0, 12)}`
  return { name, result: 'fail', detail: 'other data', note }
}
