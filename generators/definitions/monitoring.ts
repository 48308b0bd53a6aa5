import { object, text } from './schema-parts.ts'

/** Whole seconds, minutes, hours or days, as Prometheus writes them: `30s`, `1d`. */
export type PrometheusDuration = `${number}s` | `${number}m` | `${number}h` | `${number}d`

/** When the inputs or predictions of a version are said to have moved away from its baseline. */
export interface DriftObjective {
  /** Population stability index above which an alert fires. Default 0.2. */
  psi?: number
  /** Over how long values are counted. Default `1d`. */
  window?: PrometheusDuration
  /** Values that must have been counted in that time: an index of few says nothing. Default 1000. */
  values?: number
}

/** Prometheus and Grafana of a cluster, and what is made for them. */
export interface Monitoring {
  engine: 'prometheus-operator'
  /** What the label `release` must say for the operator to take a ServiceMonitor or a PrometheusRule: the name of its Helm release. */
  release: string
  /** Further labels that its selectors ask for. */
  labels?: Record<string, string>
  /** Time between two scrapes of a pod, `5s` to `60s`. Default `30s`. */
  interval?: `${number}s`
  /** Address of the folder with the runbooks: each alert links to `<runbooks>/<alert>.md`. Default: no link. */
  runbooks?: `${'https' | 'http'}://${string}`
  /** Grafana's folder for the dashboards. Default: Grafana's own. */
  folder?: string
  drift?: DriftObjective
}

/**
 * Scrapes every model, records and alerts on its objectives, drift and versions, and makes its dashboards: a ServiceMonitor, a
 * PrometheusRule and a ConfigMap a model, for the Prometheus operator and the dashboard sidecar of kube-prometheus-stack.
 */
export function prometheusOperator(options: Omit<Monitoring, 'engine'>): Monitoring {
  return { engine: 'prometheus-operator', ...options }
}

const labelValue = text('^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$', 'a Kubernetes label value', 63)
const address = text(
  '^https?://[^/?#@\\s]+(/[^?#\\s]*[^/?#\\s])?$',
  'an address without a password or a slash at the end',
)

export const monitoringSchema = object(
  { engine: { const: 'prometheus-operator' }, release: labelValue },
  {
    labels: { type: 'object', additionalProperties: labelValue },
    // The shortest range of a rule is 2m, and a rate needs several samples in it.
    interval: text('^([5-9]|[1-5][0-9]|60)s$', 'whole seconds from 5s to 60s'),
    runbooks: address,
    folder: { type: 'string', minLength: 1, maxLength: 189 },
    drift: object(
      {},
      {
        psi: { type: 'number', exclusiveMinimum: 0 },
        window: text('^[1-9]\\d*(m|h|d)$', 'whole minutes, hours or days such as 12h or 1d'),
        values: { type: 'integer', minimum: 1 },
      },
    ),
  },
)
