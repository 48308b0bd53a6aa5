import { requestsAnsweredQuery } from '../objects/index.ts'
import { redact } from './redact.ts'
import type { Callers } from './report.ts'

/** Milliseconds: a pull request must not wait for monitoring. */
const TIMEOUT = 10_000

interface Query {
  /** `https://prometheus.example.com`, with a path prefix if it has one. */
  address: string
  model: string
  namespace: string
  /** Prometheus' form: `7d`. */
  during: string
  /** Sent as a bearer token. Default: `PROMETHEUS_TOKEN` of the environment. */
  token?: string | undefined
}

/**
 * How many requests a model answered, all pods together, by Prometheus' HTTP API (`/api/v1/query`). No series is not zero: it may
 * never have been scraped. Never throws: what could not be asked is unknown.
 */
export async function requestsAnswered(query: Query): Promise<Callers> {
  const { address, model, namespace, during, token = process.env['PROMETHEUS_TOKEN'] } = query
  const expression = requestsAnsweredQuery({ namespace, model }, during)
  try {
    const url = new URL('api/v1/query', address.endsWith('/') ? address : `${address}/`)
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ query: expression }),
      headers: token ? { authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(TIMEOUT),
    })
    const answer = (await response.json()) as {
      data?: { result?: { value?: [number, string] }[] }
      error?: string
    } | null
    if (!response.ok)
      return { unknown: `Prometheus answered ${response.status}${answer?.error ? ` ${answer.error}` : ''}` }
    const value = answer?.data?.result?.[0]?.value?.[1]
    if (value === undefined) return { unknown: `Prometheus has no requests of ${model} in namespace ${namespace}` }
    const requests = Math.round(Number(value))
    return Number.isFinite(requests)
      ? { requests, during }
      : { unknown: `Prometheus answered ${value}, which is no number` }
  } catch (error) {
    const reason =
      error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
    return { unknown: `Prometheus could not be asked (${redact(reason)})` }
  }
}
