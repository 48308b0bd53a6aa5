import type { PlacedNamespace } from '../../../definitions/index.ts'
import { ALERTS } from '../alert.ts'
import * as queries from '../queries.ts'
import { RECORDS, recorded } from '../records.ts'
import { matches, max, type Scope, selector } from '../selectors.ts'
import { dashboardJson, line, RATE } from './dashboard.ts'
import { dashboardUid } from './model-dashboard.ts'

const MODEL = ['model']

/** All models of a namespace side by side. It names none, so that no promotion changes it. */
export function fleetDashboard(environment: string, { namespace, owner }: PlacedNamespace, window: string): object {
  const scope: Scope = { namespace }
  return dashboardJson({
    // No model's name has a dot.
    uid: dashboardUid(environment, owner === undefined ? '' : `.${namespace}`),
    title: `Models ${owner === undefined ? '' : `of ${owner} `}in ${environment}`,
    description: `Every model of ${owner === undefined ? '' : `${owner} in `}${environment} (namespace ${namespace}). Written by modelyard synth.`,
    tags: ['modelyard', environment],
    menu: ['modelyard', environment],
    sections: [
      {
        title: 'Now',
        panels: line(
          8,
          {
            kind: 'table',
            title: 'Alerts',
            description: 'Alerts of models that fire or are about to.',
            queries: [{ expression: activeAlerts(scope) }],
            unit: 'short',
          },
          {
            kind: 'table',
            title: 'Versions that answer',
            description: 'In how many pods each version of each model answers.',
            queries: [{ expression: queries.loadedPods(scope) }],
            unit: 'short',
          },
          {
            kind: 'timeseries',
            title: 'Wanted and not loaded',
            description:
              "Versions that a pod's configuration asks for and that do not answer there, against those that are asked for.",
            queries: [
              { expression: queries.notLoadedCount(scope), legend: 'not loaded {{model}}' },
              { expression: queries.wantedCount(scope), legend: 'wanted {{model}}' },
            ],
            unit: 'short',
          },
        ),
      },
      {
        title: 'Requests',
        panels: [
          ...line(
            8,
            {
              kind: 'timeseries',
              title: 'Requests by model',
              description: 'Requests answered a second.',
              queries: [{ expression: recorded(RECORDS.requestRate, scope), legend: '{{model}}' }],
              unit: 'reqps',
            },
            {
              kind: 'timeseries',
              title: 'Failed by model',
              description: 'Share of the requests that got a server error, over five minutes.',
              queries: [{ expression: recorded(RECORDS.errorRatio('5m'), scope), legend: '{{model}}' }],
              unit: 'percentunit',
            },
            {
              kind: 'timeseries',
              title: 'p99 by model',
              description: 'Seconds within which 99 of 100 requests were answered.',
              queries: [{ expression: recorded(RECORDS.latency(0.99), scope), legend: '{{model}}' }],
              unit: 's',
            },
          ),
          ...line(
            8,
            {
              kind: 'timeseries',
              title: 'Slow by model',
              description: "Share of the requests that took longer than their model's objective, over an hour.",
              queries: [{ expression: recorded(RECORDS.slowRatio('1h'), scope), legend: '{{model}}' }],
              unit: 'percentunit',
            },
            {
              kind: 'timeseries',
              title: 'Waiting by model',
              description: 'Requests that wait for a model call.',
              queries: [{ expression: queries.queueDepth(scope, MODEL), legend: '{{model}}' }],
              unit: 'short',
            },
            {
              kind: 'timeseries',
              title: 'Rows by model',
              description: 'Rows predicted a second.',
              queries: [{ expression: queries.rowRate(scope, RATE, MODEL), legend: '{{model}}' }],
              unit: 'rowsps',
            },
          ),
        ],
      },
      {
        title: 'Drift and pods',
        panels: line(
          8,
          {
            kind: 'bargauge',
            title: 'Drift by model',
            description: `Highest population stability index of a feature or output over ${window}.`,
            queries: [{ expression: highestDrift(scope, window), legend: '{{model}}' }],
            unit: 'short',
            limits: [0.1, 0.2],
          },
          {
            kind: 'timeseries',
            title: 'Requests inside',
            description: 'Admitted and not yet answered.',
            queries: [{ expression: queries.inFlight(scope, MODEL), legend: '{{model}}' }],
            unit: 'short',
          },
          {
            kind: 'timeseries',
            title: 'Pods by model',
            description: 'Pods that Prometheus scrapes.',
            queries: [{ expression: queries.scrapedPods(scope, MODEL), legend: '{{model}}' }],
            unit: 'short',
          },
        ),
      },
    ],
  })
}

/** Prometheus' own series of alerts. */
function activeAlerts({ namespace }: Scope): string {
  const alerts = selector('ALERTS', { namespace }, matches('alertname', ALERTS.join('|')))
  return `count by (alertname, model, severity, alertstate) (${alerts})`
}

function highestDrift(scope: Scope, window: string): string {
  const of = (variable: 'feature' | 'output') => max(recorded(RECORDS.psi(variable, window), scope), MODEL)
  return `${of('feature')} > ${of('output')} or ${of('output')} or ${of('feature')}`
}
