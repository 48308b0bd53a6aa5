import type { Manifest } from './plans.ts'

/** A query of a manifest, and where it stands. */
export interface Found {
  where: string
  expression: string
  /** Gives nothing as long as all is well. */
  alert: boolean
}

/** What a Rollout puts in the place of an argument: the hash of one of the pod templates. */
export const POD_HASH = '7d9c5f6b8'

/** Every query of every object, as the program that sends it would send it. */
export function queriesIn(objects: readonly Manifest[]): Found[] {
  return objects.flatMap((object) => {
    const where = `${object.kind} ${object.metadata.name}`
    const found = (place: string, expression: string, alert = false): Found => ({
      where: `${where}: ${place}`,
      expression,
      alert,
    })
    switch (object.kind) {
      case 'PrometheusRule':
        return rulesOf(object).map((rule) => found(rule.record ?? rule.alert, rule.expr, rule.alert !== undefined))
      case 'ScaledObject':
        return object.spec.triggers
          .filter(({ type }: Manifest) => type === 'prometheus')
          .map(({ metadata }: Manifest, index: number) => found(`trigger ${index}`, metadata.query))
      case 'AnalysisTemplate':
        return object.spec.metrics.map(({ name, provider }: Manifest) =>
          found(name, provider.prometheus.query.replaceAll('{{args.pod-hash}}', POD_HASH)),
        )
      case 'ConfigMap':
        return Object.entries<string>(object.data).flatMap(([file, text]) =>
          object.metadata.labels?.grafana_dashboard
            ? dashboardQueries(file, text, found)
            : adapterQueries(object, text, found),
        )
      default:
        return []
    }
  })
}

export function rulesOf(object: Manifest): Manifest[] {
  return object.spec.groups.flatMap(({ rules }: Manifest) => rules)
}

type Find = (place: string, expression: string) => Found

function dashboardQueries(_file: string, text: string, found: Find): Found[] {
  const { panels, templating } = JSON.parse(text)
  const variables = templating.list
    .filter(({ type }: Manifest) => type === 'query')
    // label_values(<selector>, <label>) lists the label of these series.
    .map(({ name, query }: Manifest) =>
      found(`variable ${name}`, /^label_values\((.*), \w+\)$/.exec(query.query)?.[1] ?? ''),
    )
  const targets = panels.flatMap(({ title, targets = [] }: Manifest) =>
    targets.map(({ expr }: Manifest) =>
      found(title, expr.replaceAll('$__rate_interval', '5m').replaceAll('$version', '.*')),
    ),
  )
  return [...variables, ...targets]
}

/** The Prometheus Adapter asks by a template of Go. */
function adapterQueries(object: Manifest, text: string, found: Find): Found[] {
  const template = /metricsQuery: ["']?(.*?)["']?$/m.exec(text)?.[1]
  const series = /seriesQuery: ["']?(\w+)/.exec(text)?.[1]
  if (template === undefined || series === undefined) return []
  const { namespace } = object.metadata
  const asked = template
    .replaceAll('<<.Series>>', series)
    .replaceAll('<<.LabelMatchers>>', `namespace="${namespace}",pod=~".+"`)
    .replaceAll('<<.GroupBy>>', 'pod')
  return [found('series', `${series}{namespace="${namespace}",pod!=""}`), found('metric', asked)]
}
