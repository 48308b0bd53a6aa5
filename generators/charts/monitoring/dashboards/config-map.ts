import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import type { Monitoring } from '../../../definitions/index.ts'

export interface DashboardConfigMap {
  name: string
  namespace: string
  /** Dashboards of all namespaces lie in one folder of Grafana's pod. */
  file: string
  dashboard: object
  settings: Monitoring
  labels: Record<string, string>
}

/** A dashboard as Grafana's sidecar looks for it (label `grafana_dashboard`, annotation `grafana_folder`). */
export function dashboardConfigMap(scope: Construct, id: string, config: DashboardConfigMap): void {
  const { name, namespace, file, dashboard, settings, labels } = config
  new k8s.KubeConfigMap(scope, id, {
    metadata: {
      name,
      namespace,
      labels: { ...labels, grafana_dashboard: '1' },
      ...(settings.folder !== undefined && { annotations: { grafana_folder: settings.folder } }),
    },
    data: { [`${file}.json`]: JSON.stringify(dashboard, null, 1) },
  })
}
