import type { Variable } from './queries.ts'
import { is, type Scope, selector, type Window } from './selectors.ts'

/** Names of what the recording rules record, `level:metric:operation` as Prometheus' documentation asks, and how to read it back. */
export const RECORDS = {
  requestRate: 'model:modelyard_requests:rate5m',
  errorRatio: (window: Window) => `model:modelyard_request_errors:ratio_rate${window}`,
  slowRatio: (window: Window) => `model:modelyard_slow_requests:ratio_rate${window}`,
  latency: (quantile: number) => `model:modelyard_request_duration_seconds:p${quantile * 100}_rate5m`,
  psi: (variable: Variable, window: Window) => `${variable}:modelyard_population_stability_index:increase${window}`,
  values: (variable: Variable, window: Window) => `${variable}:modelyard_counted_values:increase${window}`,
}

/** The recorded series of a scope; they have the labels of the scope, and where they are of variables, the variable's. */
export function recorded(name: string, { namespace, model, where = [] }: Scope): string {
  return selector(name, { namespace, where: [...(model === undefined ? [] : [is('model', model)]), ...where] })
}
