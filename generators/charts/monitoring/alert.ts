/** One alert of a model, before it is written as a rule. */
export interface Alert {
  /** Also the name of its runbook. */
  name: AlertName
  severity: 'critical' | 'warning'
  /** Tells alerts of one name apart. */
  window?: string
  expression: string
  /** How long the expression must hold. */
  for: string
  /** A line for the pager; Go templates of Prometheus may stand in it. */
  summary: string
  /** What it means for callers. */
  description: string
}

/** Every alert there is; docs/runbooks/ has a page for each. */
export const ALERTS = [
  'ModelyardAvailabilityBurn',
  'ModelyardLatencyBurn',
  'ModelyardErrors',
  'ModelyardRequestsRejected',
  'ModelyardQueueing',
  'ModelyardMemoryNearLimit',
  'ModelyardModelRestarts',
  'ModelyardSilent',
  'ModelyardNotScraped',
  'ModelyardVersionNotLoaded',
  'ModelyardVersionNotWanted',
  'ModelyardCandidateFallback',
  'ModelyardShadowDisagrees',
  'ModelyardFeatureDrift',
  'ModelyardPredictionDrift',
  'ModelyardConfidenceDrop',
  'ModelyardInputAnomalies',
  'ModelyardDriftNotCounted',
  'ModelyardPredictionLogLost',
] as const

export type AlertName = (typeof ALERTS)[number]
