import type { ModelMonitoring } from './model-monitoring.ts'
import * as queries from './queries.ts'
import { RECORDS } from './records.ts'
import { BURN_WINDOWS } from './service-level.ts'

/** As the Prometheus operator's API has it. */
export interface RuleGroup {
  name: string
  interval?: string
  rules: Rule[]
}

export type Rule = RecordingRule | AlertingRule

export interface RecordingRule {
  record: string
  expr: string
  labels: Record<string, string>
}

export interface AlertingRule {
  alert: string
  expr: string
  for: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

const QUANTILES = [0.5, 0.95, 0.99]

/** What alerts and dashboards read more than once, or over so long that reading it at each look would be too much. */
export function recordingGroups({ scope, objective, drift, variables }: ModelMonitoring): RuleGroup[] {
  const labels = { namespace: scope.namespace, model: scope.model }
  const record = (name: string, expr: string): RecordingRule => ({ record: name, expr, labels })
  const windowed = BURN_WINDOWS.flatMap((window) => [
    record(RECORDS.errorRatio(window), queries.errorRatio(scope, window)),
    record(RECORDS.slowRatio(window), queries.slowRatio(scope, objective.latencySeconds, window)),
  ])
  const groups: RuleGroup[] = [
    {
      name: `${scope.namespace}.${scope.model}.service`,
      rules: [
        record(RECORDS.requestRate, queries.requestRate(scope, '5m')),
        ...QUANTILES.map((quantile) =>
          record(RECORDS.latency(quantile), queries.latencyQuantile(quantile, scope, '5m')),
        ),
        ...windowed,
      ],
    },
  ]
  if (variables.length > 0) {
    groups.push({
      name: `${scope.namespace}.${scope.model}.drift`,
      interval: '5m',
      rules: variables.flatMap((variable) => [
        record(RECORDS.psi(variable, drift.window), queries.populationStabilityIndex(variable, scope, drift.window)),
        record(RECORDS.values(variable, drift.window), queries.countedValues(variable, scope, drift.window)),
      ]),
    })
  }
  return groups
}
