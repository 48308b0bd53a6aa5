import type { Alert } from './alert.ts'
import type { ModelMonitoring } from './model-monitoring.ts'
import * as queries from './queries.ts'
import { RECORDS, recorded } from './records.ts'

const FALLBACK_RATIO = 0.05
const DISAGREEMENT = 0.1
const LOST_EVENTS = 0.01
const CONFIDENCE_LOSS = 0.1
const ANOMALIES = 0.05

/** Whether what Git names is what answers. */
export function versionAlerts({ scope, candidate, digests, logged, engine }: ModelMonitoring): Alert[] {
  const where = `${scope.model} in ${scope.namespace}`
  const alerts: Alert[] = [
    {
      name: 'ModelyardVersionNotLoaded',
      severity: 'warning',
      expression: queries.wantedNotLoaded(scope),
      for: '10m',
      summary: 'Pod {{ $labels.pod }} does not answer with version {{ $labels.version }}, which it is to',
      description: `The artifact of ${where} cannot be fetched, or was refused when it was loaded; the pod's log says why.`,
    },
    {
      name: 'ModelyardVersionNotWanted',
      severity: 'warning',
      expression: queries.loadedNotIn(scope, digests),
      // A Rollout may hold a step for long.
      for: engine === 'rollouts' ? '1d' : '30m',
      summary: 'Version {{ $labels.version }} answers in {{ $value }} pods, and Git does not name it',
      description: `What is merged for ${where} has not reached these pods: a sync or a rolling update stands still.`,
    },
  ]
  if (candidate?.mode === 'shadow') {
    alerts.push({
      name: 'ModelyardShadowDisagrees',
      severity: 'warning',
      expression: `${queries.shadowDisagreement(scope, '1h')} > ${DISAGREEMENT}`,
      for: '15m',
      summary:
        'Candidate {{ $labels.version }} answers {{ $value | humanizePercentage }} of the mirrored requests otherwise',
      description: `No caller of ${where} sees it. Compare both versions before the candidate is promoted.`,
    })
  } else if (candidate) {
    alerts.push({
      name: 'ModelyardCandidateFallback',
      severity: 'warning',
      expression: `${queries.fallbackRatio({ ...scope, version: candidate.version }, '15m')} > ${FALLBACK_RATIO}`,
      for: '15m',
      summary: 'The stable version answers {{ $value | humanizePercentage }} of the requests of the candidate',
      description: `Candidate ${candidate.version} of ${where} does not answer, so the comparison is of little worth.`,
    })
  }
  if (logged) {
    alerts.push({
      name: 'ModelyardPredictionLogLost',
      severity: 'warning',
      expression: `${queries.predictionLogLoss(scope, '15m')} > ${LOST_EVENTS}`,
      for: '15m',
      summary: '{{ $value | humanizePercentage }} of the events of the prediction log are lost',
      description: `The sink of ${where} refuses them or does not keep up; predictions themselves are answered.`,
    })
  }
  return alerts
}

/** Whether inputs and predictions are still what the version was trained on. */
export function driftAlerts({ scope, drift, variables, confidence }: ModelMonitoring): Alert[] {
  const where = `${scope.model} in ${scope.namespace}`
  const names = { feature: 'ModelyardFeatureDrift', output: 'ModelyardPredictionDrift' } as const
  const of = { feature: 'feature {{ $labels.feature }}', output: 'output {{ $labels.output }}' }
  const alerts = variables.map((variable): Alert => {
    const psi = `${recorded(RECORDS.psi(variable, drift.window), scope)} > ${drift.psi}`
    const values = `${recorded(RECORDS.values(variable, drift.window), scope)} >= ${drift.values}`
    return {
      name: names[variable],
      severity: 'warning',
      expression: `${psi} and on (model, version, ${variable}) ${values}`,
      for: '30m',
      summary: `The population stability index of ${of[variable]} is {{ $value | humanize }} over ${drift.window}`,
      description: `Version {{ $labels.version }} of ${where} was trained on other values. Above 0.2 the difference is clear; the dashboard shows the bins.`,
    }
  })
  if (variables.includes('feature')) {
    alerts.push({
      name: 'ModelyardInputAnomalies',
      severity: 'warning',
      expression: `${queries.anomalyRatio(scope, '1h')} > ${ANOMALIES}`,
      for: '30m',
      summary:
        '{{ $value | humanizePercentage }} of the rows have a value of {{ $labels.feature }} that is {{ $labels.kind }}',
      description: `A caller of ${where} sends what the interface does not know or expect, and gets a prediction all the same.`,
    })
  }
  if (confidence) {
    const now = queries.meanConfidence(scope, '1h')
    alerts.push({
      name: 'ModelyardConfidenceDrop',
      severity: 'warning',
      expression: `${now} < ${1 - CONFIDENCE_LOSS} * ${queries.meanConfidence(scope, '7d')}`,
      for: '30m',
      summary: 'The mean confidence of {{ $labels.output }} fell to {{ $value | humanizePercentage }}',
      description: `It is a tenth or more below the mean of the last week of ${where}.`,
    })
  }
  if (variables.length > 0) {
    alerts.push({
      name: 'ModelyardDriftNotCounted',
      severity: 'warning',
      expression: `${queries.driftLeftOut(scope)} > 0`,
      for: '15m',
      summary: 'Drift of {{ $value }} features or outputs is not counted',
      description: `The baseline of version {{ $labels.version }} of ${where} cannot be read, or has more bins than a pod exposes; the pod's log names them.`,
    })
  }
  return alerts
}
