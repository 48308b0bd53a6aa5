import * as queries from '../queries.ts'
import type { Scope } from '../selectors.ts'
import { line, RATE } from './dashboard.ts'
import type { Section } from './panels.ts'

/** What callers see. */
export function traffic(chosen: Scope, latencySeconds: number): Section {
  return {
    title: 'Requests',
    panels: [
      ...line(
        8,
        {
          kind: 'timeseries',
          title: 'Requests by version',
          description: 'Requests answered a second. A request that no version answered has none.',
          queries: [{ expression: queries.requestRate(chosen, RATE, ['version']), legend: '{{version}}' }],
          unit: 'reqps',
        },
        {
          kind: 'timeseries',
          title: 'Requests by status code',
          description: '4xx: the caller must change its request. 429 and 5xx: the server could not answer.',
          queries: [{ expression: queries.requestRateByCode(chosen, RATE), legend: '{{code}}' }],
          unit: 'reqps',
        },
        {
          kind: 'timeseries',
          title: 'Failed by version',
          description: 'Share of the requests that got a server error.',
          queries: [{ expression: queries.errorRatio(chosen, RATE, ['version']), legend: '{{version}}' }],
          unit: 'percentunit',
        },
      ),
      ...line(
        8,
        {
          kind: 'timeseries',
          title: 'Latency',
          description:
            'Seconds from the arrival of a request to the end of its answer; dashed: the objective of the p99.',
          queries: [0.5, 0.95, 0.99].map((quantile) => ({
            expression: queries.latencyQuantile(quantile, chosen, RATE),
            legend: `p${quantile * 100}`,
          })),
          unit: 's',
          limits: [latencySeconds],
        },
        {
          kind: 'timeseries',
          title: 'p99 by version',
          description: 'Whether a candidate is slower than the stable version.',
          queries: [{ expression: queries.latencyQuantile(0.99, chosen, RATE, ['version']), legend: '{{version}}' }],
          unit: 's',
          limits: [latencySeconds],
        },
        {
          kind: 'timeseries',
          title: 'Slow by version',
          description: 'Share of the requests that took longer than the objective.',
          queries: [
            { expression: queries.slowRatio(chosen, latencySeconds, RATE, ['version']), legend: '{{version}}' },
          ],
          unit: 'percentunit',
        },
      ),
    ],
  }
}

/** Where requests spend their time, and what the pods have left. */
export function insideTheServer(scope: Scope, chosen: Scope): Section {
  const byVersion = ['version']
  return {
    title: 'Inside the server',
    panels: [
      ...line(
        8,
        {
          kind: 'timeseries',
          title: 'Where time goes (p99)',
          description:
            'Waiting for the model, and the model call itself. The rest of a request is reading and writing it.',
          queries: [
            { expression: queries.queueQuantile(0.99, chosen, RATE, byVersion), legend: 'waiting {{version}}' },
            { expression: queries.modelQuantile(0.99, chosen, RATE, byVersion), legend: 'model {{version}}' },
          ],
          unit: 's',
        },
        {
          kind: 'timeseries',
          title: 'Rows',
          description: 'Rows predicted a second.',
          queries: [{ expression: queries.rowRate(chosen, RATE, byVersion), legend: '{{version}}' }],
          unit: 'rowsps',
        },
        {
          kind: 'timeseries',
          title: 'Rows of one model call',
          description: 'How well requests are batched; 1 means not at all.',
          queries: [{ expression: queries.meanBatchRows(chosen, RATE, byVersion), legend: '{{version}}' }],
          unit: 'short',
        },
      ),
      ...line(
        8,
        {
          kind: 'timeseries',
          title: 'Requests inside',
          description: 'Admitted and not yet answered, and of these the ones that wait for a model call.',
          queries: [
            { expression: queries.inFlight(chosen), legend: 'admitted' },
            { expression: queries.queueDepth(chosen), legend: 'waiting' },
          ],
          unit: 'short',
        },
        {
          kind: 'timeseries',
          title: 'Never ran',
          description: 'Requests a second that never ran, by reason; a share of them is what an alert looks at.',
          queries: [
            { expression: queries.rejectedRate(chosen, RATE), legend: '{{reason}}' },
            { expression: queries.rejectedRatio(chosen, RATE), legend: 'share of all' },
          ],
          unit: 'short',
        },
        {
          kind: 'timeseries',
          title: 'Model ended and was started again',
          description: 'Threads of the model that ended within the hour.',
          queries: [{ expression: queries.threadRestarts(chosen, '1h'), legend: 'restarts' }],
          unit: 'short',
        },
      ),
      ...line(
        8,
        {
          kind: 'timeseries',
          title: 'Memory',
          description: 'Of the pod that uses most.',
          queries: [{ expression: queries.residentMemory(scope), legend: 'resident' }],
          unit: 'bytes',
        },
        {
          kind: 'timeseries',
          title: 'CPU',
          description: 'Cores that the busiest pod uses.',
          queries: [{ expression: queries.cpuCores(scope, RATE), legend: 'cores' }],
          unit: 'short',
        },
        {
          kind: 'timeseries',
          title: 'Event loop',
          description:
            'How late the event loop of the worst pod ran, 99th percentile: while it is late, nothing is answered.',
          queries: [{ expression: queries.eventLoopLag(scope), legend: 'p99' }],
          unit: 's',
        },
      ),
    ],
  }
}
