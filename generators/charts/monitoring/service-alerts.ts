import type { Alert } from './alert.ts'
import type { ModelMonitoring } from './model-monitoring.ts'
import * as queries from './queries.ts'
import { RECORDS, recorded } from './records.ts'
import { BURN_RATES, burnThreshold } from './service-level.ts'

/** Bad requests below which no budget is said to burn: of a model that is hardly called, one would be a large share. */
const FEW_REQUESTS = 5
const REJECTED_RATIO = 0.01
const MEMORY_RATIO = 0.9
const RESTARTS = 3
/** Requests that made a time of the week a busy one. */
const BUSY = 10

/** Whether callers get answers, in time. */
export function serviceAlerts(monitoring: ModelMonitoring): Alert[] {
  return [...burnAlerts(monitoring), ...loadAlerts(monitoring), ...silenceAlerts(monitoring)]
}

function burnAlerts({ scope, objective }: ModelMonitoring): Alert[] {
  const { errorBudget, slowBudget, latencySeconds } = objective
  const budgets = [
    {
      name: 'ModelyardAvailabilityBurn',
      budget: errorBudget,
      record: RECORDS.errorRatio,
      bad: (window: string) => queries.failedRequests(scope, window),
      what: 'of the requests failed with a server error',
    },
    {
      name: 'ModelyardLatencyBurn',
      budget: slowBudget,
      record: RECORDS.slowRatio,
      bad: (window: string) => queries.slowRequests(scope, latencySeconds, window),
      what: `of the requests took longer than ${latencySeconds * 1000} ms`,
    },
  ] as const
  return budgets.flatMap(({ name, budget, record, bad, what }) =>
    BURN_RATES.filter(({ factor }) => burnThreshold(budget, factor) < 1).map(
      ({ factor, long, short, severity }): Alert => {
        const above = (window: string) => `${recorded(record(window), scope)} > ${burnThreshold(budget, factor)}`
        return {
          name,
          severity,
          window: long,
          expression: `${above(long)} and on () ${above(short)} and on () ${bad(long)} >= ${FEW_REQUESTS}`,
          for: '2m',
          summary: `{{ $value | humanizePercentage }} ${what} in ${long}`,
          description: `The objective allows ${percent(budget)} of ${scope.model} in ${scope.namespace}; this is ${factor} times as fast as it may go for a month.`,
        }
      },
    ),
  )
}

function loadAlerts({ scope, objective, memoryLimit }: ModelMonitoring): Alert[] {
  const { latencySeconds } = objective
  return [
    {
      name: 'ModelyardErrors',
      severity: 'critical',
      expression: `${queries.errorRatio(scope, '5m')} > ${errorThreshold(objective.errorBudget)} and on () ${queries.failedRequests(scope, '5m')} >= ${FEW_REQUESTS}`,
      for: '5m',
      summary: '{{ $value | humanizePercentage }} of the requests fail with a server error',
      description: `${scope.model} in ${scope.namespace} has failed like this for five minutes.`,
    },
    {
      name: 'ModelyardRequestsRejected',
      severity: 'warning',
      expression: `${queries.rejectedRatio(scope, '5m')} > ${REJECTED_RATIO}`,
      for: '5m',
      summary: '{{ $value | humanizePercentage }} of the requests never ran: too many wait',
      description: `Callers of ${scope.model} in ${scope.namespace} get 429 or 504. It has fewer pods than its load needs.`,
    },
    {
      name: 'ModelyardQueueing',
      severity: 'warning',
      expression: `${queries.queueQuantile(0.99, scope, '5m')} > ${latencySeconds / 2}`,
      for: '15m',
      summary: '1 % of the requests wait {{ $value | humanizeDuration }} or longer for the model',
      description: `That is more than half of the objective of ${latencySeconds * 1000} ms, before ${scope.model} has begun to work.`,
    },
    {
      name: 'ModelyardMemoryNearLimit',
      severity: 'warning',
      expression: `${queries.residentMemory(scope)} / ${memoryLimit} > ${MEMORY_RATIO}`,
      for: '15m',
      summary: 'A pod uses {{ $value | humanizePercentage }} of its memory limit',
      description: `At the limit the kernel ends the process, and the requests of that pod of ${scope.model} are lost.`,
    },
    {
      name: 'ModelyardModelRestarts',
      severity: 'warning',
      expression: `${queries.threadRestarts(scope, '1h')} >= ${RESTARTS}`,
      for: '0s',
      summary: 'The model ended {{ $value | humanize }} times in an hour and was started again',
      description: `A crash inside ONNX Runtime or a model call that never returns; requests of ${scope.model} that ran then got a 503.`,
    },
  ]
}

function silenceAlerts({ scope, mayBeAway }: ModelMonitoring): Alert[] {
  const then = (offset: string) => queries.requestsAnswered(scope, '30m', offset)
  const busy = (offset: string) => `${then(offset)} >= ${BUSY}`
  return [
    {
      name: 'ModelyardSilent',
      severity: 'warning',
      // A week ago, since weekends are not weekdays; yesterday for a model that is younger than that.
      expression: `(${queries.requestRate(scope, '30m')}) == 0 and on () (${busy('1w')} or (${busy('1d')} unless ${then('1w')}))`,
      for: '10m',
      summary: 'Nobody has called the model for half an hour, though at this time they do',
      description: `Pods of ${scope.model} in ${scope.namespace} are up and get no request: look at the caller, the gateway and the Service.`,
    },
    ...(mayBeAway ? [] : [notScraped(scope)]),
  ]
}

function notScraped(scope: ModelMonitoring['scope']): Alert {
  return {
    name: 'ModelyardNotScraped',
    severity: 'critical',
    expression: queries.noPodScraped(scope),
    for: '10m',
    summary: 'Prometheus sees no pod of the model',
    description: `Either no pod of ${scope.model} in ${scope.namespace} runs, or none can be scraped; no other alert of it can fire meanwhile.`,
  }
}

/** Well above what the objective allows, whatever it allows. */
function errorThreshold(budget: number): number {
  return Number(Math.max(0.05, Math.min(10 * budget, (1 + budget) / 2)).toPrecision(3))
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`
}
