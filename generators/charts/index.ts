export { ArgoCdChart, type ArgoCdChartProps, BootstrapChart, type BootstrapChartProps } from './argocd/argocd-chart.ts'
export { EnvironmentChart, type EnvironmentChartProps } from './environment/environment-chart.ts'
export {
  failedRequests as failedRequestsQuery,
  latencyQuantile as latencyQuantileQuery,
  loadedPods as loadedPodsQuery,
  requestsAnswered as requestsAnsweredQuery,
  stepsLoaded as stepsLoadedQuery,
  wantedPods as wantedPodsQuery,
} from './monitoring/queries.ts'
export type { Scope } from './monitoring/selectors.ts'
export { bootConfiguration } from './workload/configuration.ts'
export { ModelChart, type ModelChartProps } from './workload/model-chart.ts'
