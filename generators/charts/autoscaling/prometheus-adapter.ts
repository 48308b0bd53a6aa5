import { METRICS } from 'modelyard-serving/contract'

/** The metric of a pod as the Prometheus Adapter serves it to autoscalers. */
export const REQUESTS_PER_SECOND = 'modelyard_requests_per_second'

/**
 * The rule by which the Prometheus Adapter makes `modelyard_requests_per_second` of a pod from the server's counter
 * (https://github.com/kubernetes-sigs/prometheus-adapter, docs/config.md). The adapter reads one configuration, so that the rule is
 * put there by whoever runs it.
 */
export function prometheusAdapterRule(): object {
  return {
    rules: [
      {
        seriesQuery: `${METRICS.requests}{namespace!="",pod!=""}`,
        resources: { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } } },
        name: { as: REQUESTS_PER_SECOND },
        metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)',
      },
    ],
  }
}
