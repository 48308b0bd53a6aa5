/** The pieces that every query is made of: https://prometheus.io/docs/prometheus/latest/querying/basics/. */

/** One condition on a label. */
export interface Matcher {
  label: string
  operator: '=' | '!=' | '=~' | '!~'
  value: string
}

/**
 * Which series a query reads. The labels `namespace` and `pod` come from the scrape, as a ServiceMonitor adds them; the others
 * are the server's.
 */
export interface Scope {
  namespace: string
  /** Absent: every model of the namespace. */
  model?: string
  version?: string
  /** Further conditions, such as Grafana's `version=~"$version"`. */
  where?: readonly Matcher[]
}

/** A range such as `5m`, or a variable of the program that sends the query: `$__rate_interval`. */
export type Window = string

/** `metric{namespace="ml",model="wine"}`. */
export function selector(metric: string, { namespace, model, version, where = [] }: Scope, ...more: Matcher[]): string {
  const matchers = [
    is('namespace', namespace),
    ...(model === undefined ? [] : [is('model', model)]),
    ...(version === undefined ? [] : [is('version', version)]),
    ...where,
    ...more,
  ]
  const texts = matchers.map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`)
  return `${metric}{${texts.join(',')}}`
}

export function is(label: string, value: string): Matcher {
  return { label, operator: '=', value }
}

export function matches(label: string, value: string): Matcher {
  return { label, operator: '=~', value }
}

/** `sum by (version) (expression)`; without labels one value for all. */
export function sum(expression: string, by: readonly string[] = []): string {
  return aggregate('sum', expression, by)
}

export function max(expression: string, by: readonly string[]): string {
  return aggregate('max', expression, by)
}

function aggregate(operator: string, expression: string, by: readonly string[]): string {
  return by.length === 0 ? `${operator}(${expression})` : `${operator} by (${by.join(', ')}) (${expression})`
}
