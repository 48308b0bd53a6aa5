import { METRICS } from 'modelyard-serving/contract'
import { contentDigest } from '../../../text/index.ts'
import type { ModelMonitoring } from '../model-monitoring.ts'
import * as queries from '../queries.ts'
import { RECORDS, recorded } from '../records.ts'
import { matches, type Scope, selector } from '../selectors.ts'
import { type Dashboard, dashboardJson, line } from './dashboard.ts'
import type { Section } from './panels.ts'
import { drift, predictions } from './prediction-sections.ts'
import { insideTheServer, traffic } from './service-sections.ts'

/** Everything about one model in one environment. */
export function modelDashboard(monitoring: ModelMonitoring, environment: string): object {
  const { scope, objective, variables, confidence, candidate, logged } = monitoring
  const chosen: Scope = { ...scope, where: [matches('version', '$version')] }
  const dashboard: Dashboard = {
    uid: dashboardUid(environment, scope.model),
    title: `${scope.model} in ${environment}`,
    description: `Requests, objectives, versions and drift of ${scope.model}. Written by modelyard synth.`,
    tags: ['modelyard', environment],
    variables: [versionVariable(scope)],
    menu: ['modelyard'],
    sections: [
      overview(monitoring),
      traffic(chosen, objective.latencySeconds),
      insideTheServer(scope, chosen),
      ...(variables.length > 0 ? [drift(monitoring, chosen)] : []),
      ...(confidence || candidate !== undefined || logged ? [predictions(monitoring, chosen)] : []),
    ],
  }
  return dashboardJson(dashboard)
}

/** At most 40 characters, and the same whatever else is in the environment: addresses of dashboards are kept. */
export function dashboardUid(environment: string, model: string): string {
  return `modelyard-${contentDigest({ environment, model }).slice(0, 24)}`
}

function versionVariable(scope: Scope): object {
  const query = `label_values(${selector(METRICS.versionWanted, scope)}, version)`
  return {
    name: 'version',
    label: 'Version',
    type: 'query',
    datasource: { type: 'prometheus', uid: '$datasource' },
    query: { query, refId: 'versions' },
    definition: query,
    current: { text: 'All', value: '$__all' },
    // Requests that no version answered, such as refused bodies, have an empty version.
    allValue: '.*',
    includeAll: true,
    multi: true,
    refresh: 2,
    sort: 4,
    hide: 0,
  }
}

function overview({ scope, objective }: ModelMonitoring): Section {
  const { errorBudget, slowBudget, latencySeconds } = objective
  return {
    title: 'Now',
    panels: [
      ...line(
        4,
        {
          kind: 'stat',
          title: 'Requests',
          description: 'Requests answered a second, all versions and pods.',
          queries: [{ expression: recorded(RECORDS.requestRate, scope), legend: 'requests' }],
          unit: 'reqps',
        },
        {
          kind: 'stat',
          title: 'Failed in 3 days',
          description: 'Share of the requests that got a server error. Red: the objective is missed.',
          queries: [{ expression: recorded(RECORDS.errorRatio('3d'), scope), legend: 'failed' }],
          unit: 'percentunit',
          limits: [errorBudget / 2, errorBudget],
        },
        {
          kind: 'stat',
          title: `Slower than ${latencySeconds * 1000} ms in 3 days`,
          description: 'Share of the requests that took longer than the objective. Red: it is missed.',
          queries: [{ expression: recorded(RECORDS.slowRatio('3d'), scope), legend: 'slow' }],
          unit: 'percentunit',
          limits: [slowBudget / 2, slowBudget],
        },
        {
          kind: 'stat',
          title: 'p99',
          description: '99 of 100 requests were answered within this time, over five minutes.',
          queries: [{ expression: recorded(RECORDS.latency(0.99), scope), legend: 'p99' }],
          unit: 's',
          limits: [latencySeconds * 0.75, latencySeconds],
        },
        {
          kind: 'stat',
          title: 'Pods',
          description: 'Pods that Prometheus scrapes.',
          queries: [{ expression: queries.scrapedPods(scope), legend: 'pods' }],
          unit: 'short',
          limits: [1],
          below: true,
        },
      ).map((panel) => ({ ...panel, width: 3 })),
      {
        kind: 'table',
        title: 'Versions that answer',
        description: 'In how many pods each version answers, and from which sealed release.',
        queries: [{ expression: queries.loadedPods(scope) }],
        unit: 'short',
        width: 9,
        height: 4,
      },
    ],
  }
}
