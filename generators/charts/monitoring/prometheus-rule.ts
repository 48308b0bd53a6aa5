import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import type { Alert } from './alert.ts'
import type { ModelMonitoring } from './model-monitoring.ts'
import { type AlertingRule, type RuleGroup, recordingGroups } from './recording-rules.ts'
import { serviceAlerts } from './service-alerts.ts'
import { driftAlerts, versionAlerts } from './version-alerts.ts'

/** Recording and alerting rules of one model. */
export function prometheusRule(scope: Construct, monitoring: ModelMonitoring, labels: Record<string, string>): void {
  new ApiObject(scope, 'prometheus-rule', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: monitoring.scope.model, labels },
    spec: { groups: ruleGroups(monitoring) },
  })
}

function ruleGroups(monitoring: ModelMonitoring): RuleGroup[] {
  const { namespace, model } = monitoring.scope
  const group = (topic: string, alerts: Alert[]): RuleGroup => ({
    name: `${namespace}.${model}.${topic}`,
    rules: alerts.map((alert) => alertingRule(alert, monitoring)),
  })
  return [
    ...recordingGroups(monitoring),
    group('service-alerts', serviceAlerts(monitoring)),
    group('version-alerts', versionAlerts(monitoring)),
    ...(monitoring.variables.length > 0 ? [group('drift-alerts', driftAlerts(monitoring))] : []),
  ]
}

function alertingRule(alert: Alert, { scope, owner, settings }: ModelMonitoring): AlertingRule {
  const { name, severity, window, expression, summary, description } = alert
  return {
    alert: name,
    expr: expression,
    for: alert.for,
    labels: { severity, ...scope, owner, ...(window !== undefined && { window }) },
    annotations: {
      summary,
      description,
      ...(settings.runbooks !== undefined && { runbook_url: `${settings.runbooks}/${name}.md` }),
    },
  }
}
