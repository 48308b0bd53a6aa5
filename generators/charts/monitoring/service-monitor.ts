import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import { POD } from 'modelyard-serving/contract'
import { scrapedServices } from '../traffic/index.ts'
import { probePort } from '../workload/server-settings.ts'
import type { ModelMonitoring } from './model-monitoring.ts'

/** Lets Prometheus scrape the pods behind a model's Service; the operator adds the labels `namespace`, `pod` and `service`. */
export function serviceMonitor(
  scope: Construct,
  { settings, engine, server, scope: { model } }: ModelMonitoring,
  labels: Record<string, string>,
): void {
  new ApiObject(scope, 'service-monitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: model, labels },
    spec: {
      // The label `job` is the model, as is the Service's name.
      jobLabel: 'app.kubernetes.io/name',
      selector: scrapedServices(model, engine),
      endpoints: [{ port: probePort(server), path: POD.metricsPath, interval: settings.interval ?? '30s' }],
    },
  })
}
