import { type Contest, formatMetric, type Verdict } from './gates.ts'
import { evenWeights } from './row-metrics.ts'

/** Rounding of the registered figures, and float32 against the float64 of a training framework. */
const TOLERANCE = 0.01

/**
 * The registered metrics of the candidate against the same metrics of its own predictions here and now: figures that another model,
 * another data set or an optimist has written do not survive it. Nothing where no metric can be computed from rows.
 */
export function measuredAgain({ candidate, scored }: Contest): Verdict[] {
  if ('unknown' in scored) return []
  const name = 'metrics measured again'
  const rows = evenWeights(scored.candidate.truth.length)
  const compared = Object.entries(candidate.evaluation.metrics).flatMap(([metric, registered]) => {
    const formula = scored.metrics[metric]
    return formula ? [{ metric, registered, here: formula(scored.candidate, rows) }] : []
  })
  if (compared.length === 0) return []
  const wrong = compared.filter(
    ({ registered, here }) => !(Math.abs(here - registered) <= TOLERANCE * Math.max(Math.abs(registered), TOLERANCE)),
  )
  if (wrong.length === 0) return [{ name, result: 'pass', detail: `${compared.length} agree` }]
  const figures = wrong.map(
    ({ metric, registered, here }) => `${metric} ${formatMetric(here)}, registered ${formatMetric(registered)}`,
  )
  const note = `replayed: ${figures.join('; ')}`
  return [{ name, result: 'fail', detail: `${wrong.length} of ${compared.length} differ`, note }]
}
