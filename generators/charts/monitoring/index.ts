import type { Construct } from 'constructs'
import type { DefinedEnvironment, PlacedNamespace } from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'
import { idIn } from '../names.ts'
import { dashboardConfigMap } from './dashboards/config-map.ts'
import { fleetDashboard } from './dashboards/fleet-dashboard.ts'
import { modelDashboard } from './dashboards/model-dashboard.ts'
import { driftObjective, modelMonitoring } from './model-monitoring.ts'
import { prometheusRule } from './prometheus-rule.ts'
import { serviceMonitor } from './service-monitor.ts'

/** Kinds of a model's monitoring, by API group, for an AppProject. */
export const MONITORING_KINDS: Record<string, string[]> = {
  'monitoring.coreos.com': ['PrometheusRule', 'ServiceMonitor'],
}

/** What an environment's monitoring needs for one model; nothing where none is asked for. */
export function monitorModel(scope: Construct, model: PlannedModel, labels: Record<string, string>): void {
  const monitoring = modelMonitoring(model)
  if (monitoring === undefined) return
  const { settings } = monitoring
  // What the operator's selectors look for.
  const selected = { ...labels, ...settings.labels, release: settings.release }
  serviceMonitor(scope, monitoring, selected)
  prometheusRule(scope, monitoring, selected)
  dashboardConfigMap(scope, 'dashboard', {
    name: `${model.name}-dashboard`,
    namespace: model.namespace,
    file: `${model.namespace}.${model.name}`,
    dashboard: modelDashboard(monitoring, model.environment.name),
    settings,
    labels,
  })
}

/** The dashboard of all models of a namespace. */
export function monitorEnvironment(
  scope: Construct,
  environment: DefinedEnvironment,
  place: PlacedNamespace,
  labels: Record<string, string>,
): void {
  const { monitoring: settings, name } = environment
  const { namespace } = place
  if (settings === undefined) return
  dashboardConfigMap(scope, idIn(place, 'fleet-dashboard'), {
    // No model's name has a dot.
    name: 'models.dashboard',
    namespace,
    file: `${namespace}.models.all`,
    dashboard: fleetDashboard(name, place, driftObjective(settings).window),
    settings,
    labels,
  })
}
