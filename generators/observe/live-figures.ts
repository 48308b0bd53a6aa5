import {
  failedRequestsQuery,
  latencyQuantileQuery,
  loadedPodsQuery,
  requestsAnsweredQuery,
  type Scope,
  stepsLoadedQuery,
} from '../charts/index.ts'
import type { Known, LiveFigures } from '../gates/index.ts'
import type { Callers } from '../review/index.ts'
import { type PrometheusServer, queryPrometheus } from './prometheus.ts'

/** Which pods, and which version in them. */
export interface Running {
  model: string
  namespace: string
  version?: string
  /** As the pods say it: absent in a first environment, whose pods run bare versions. */
  release?: string
}

/** Before this soaking is forgotten: time of last year says nothing of the cluster of today. */
const DAY = 86_400_000

/**
 * Milliseconds in which at least one pod said that it had the version loaded. No series at all is not zero time: it may never have
 * been scraped, which a look at any version of the model tells.
 */
export async function soakTime(server: PrometheusServer, running: Running, wanted: number): Promise<Known<number>> {
  const { model, namespace, version, release } = running
  const window = Math.min(Math.max(wanted * 10, DAY), 30 * DAY)
  const step = Math.round(Math.min(Math.max(wanted / 200, 15_000), 300_000) / 1000)
  const loaded = (scope: Scope) => stepsLoadedQuery(scope, `${Math.round(window / 1000)}s`, `${step}s`)
  const where = release === undefined ? [] : [{ label: 'release', operator: '=' as const, value: release }]
  const scope = { model, namespace, ...(version !== undefined && { version }) }
  const counted = await queryPrometheus(server, loaded({ ...scope, where }))
  if ('unknown' in counted) return counted
  const [series] = counted.value
  if (series) return { value: series.value * step * 1000 }
  // The first step may be yet to come: what is loaded now is seen as well.
  const all = { model, namespace }
  const any = await queryPrometheus(server, `${loaded(all)} or ${loadedPodsQuery(all)}`)
  if ('unknown' in any) return any
  return any.value.length > 0 ? { value: 0 } : neverSeen(running)
}

/** Answers of a version in the time before now, all its pods together. */
export async function liveFigures(
  server: PrometheusServer,
  running: Running,
  during: number,
): Promise<Known<LiveFigures>> {
  const { model, namespace, version } = running
  const window = `${Math.round(during / 1000)}s`
  const scope = { model, namespace, ...(version !== undefined && { version }) }
  const ask = async (expression: string): Promise<Known<number | undefined>> => {
    const answer = await queryPrometheus(server, expression)
    return 'unknown' in answer ? answer : { value: answer.value[0]?.value }
  }
  const [requests, errors, p99] = await Promise.all([
    ask(requestsAnsweredQuery(scope, window)),
    ask(failedRequestsQuery(scope, window)),
    ask(`1000 * ${latencyQuantileQuery(0.99, scope, window)}`),
  ])
  if ('unknown' in requests) return requests
  if ('unknown' in errors) return errors
  if ('unknown' in p99) return p99
  if (requests.value === undefined) return neverSeen(running)
  const total = Math.round(requests.value)
  // No series of errors: none has happened, since requests are counted.
  return {
    value: {
      requests: total,
      errorRate: total === 0 ? 0 : (errors.value ?? 0) / requests.value,
      p99Ms: p99.value ?? Number.NaN,
    },
  }
}

/** How many requests a model answered, all pods together, and on which routes. No series is not zero. */
export async function requestsAnswered(server: PrometheusServer, running: Running, during: string): Promise<Callers> {
  const { model, namespace } = running
  const answer = await queryPrometheus(server, requestsAnsweredQuery({ model, namespace }, during, '', ['route']))
  if ('unknown' in answer) return answer
  if (answer.value.length === 0) return neverSeen(running)
  const requests = Math.round(answer.value.reduce((sum, { value }) => sum + value, 0))
  if (!Number.isFinite(requests)) return { unknown: 'Prometheus answered what is no number' }
  const routes = answer.value
    .map(({ labels, value }) => ({ route: labels['route'] ?? 'unnamed', requests: Math.round(value) }))
    .filter((route) => route.requests > 0)
    .sort((a, b) => b.requests - a.requests || a.route.localeCompare(b.route))
  return { requests, during, routes }
}

function neverSeen({ model, namespace }: Running): { unknown: string } {
  return { unknown: `Prometheus has nothing of ${model} in namespace ${namespace}` }
}
