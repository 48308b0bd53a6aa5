import type { Known } from '../gates/index.ts'
import { redact } from '../git/index.ts'

/** Milliseconds: a pull request must not wait for monitoring. */
const TIMEOUT = 10_000

export interface PrometheusServer {
  /** `https://prometheus.example.com`, with a path prefix if it has one. */
  address: string
  /** Sent as a bearer token. Default: `PROMETHEUS_TOKEN` of the environment. */
  token?: string | undefined
}

export interface Series {
  labels: Record<string, string>
  value: number
}

/**
 * An instant query by Prometheus' HTTP API (`/api/v1/query`): the series of its answer, none when nothing matches. Never throws: what
 * could not be asked is unknown.
 */
export async function queryPrometheus(server: PrometheusServer, expression: string): Promise<Known<Series[]>> {
  const { address, token = process.env['PROMETHEUS_TOKEN'] } = server
  try {
    const url = new URL('api/v1/query', address.endsWith('/') ? address : `${address}/`)
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ query: expression }),
      headers: token ? { authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(TIMEOUT),
    })
    const answer = (await response.json()) as {
      data?: { result?: { metric?: Record<string, string>; value?: [number, string] }[] }
      error?: string
    } | null
    if (!response.ok) {
      return { unknown: `Prometheus answered ${response.status}${answer?.error ? ` ${answer.error}` : ''}` }
    }
    const result = answer?.data?.result
    if (!Array.isArray(result)) return { unknown: 'what answered is no Prometheus' }
    return { value: result.map(({ metric = {}, value }) => ({ labels: metric, value: Number(value?.[1]) })) }
  } catch (error) {
    const reason =
      error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
    return { unknown: `Prometheus could not be asked (${redact(reason)})` }
  }
}
