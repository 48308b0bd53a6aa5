import type { Known } from '../gates/index.ts'
import { exchange, reasonOf } from './exchange.ts'
import { type TokenRecipients, tokenFor } from './recipients.ts'

/** The answers of all models of an environment to one query have some hundred kilobytes. */
const MAX_BYTES = 16 * 1024 * 1024

export interface PrometheusServer {
  /** `https://prometheus.example.com`, with a path prefix if it has one. */
  address: string
  /** Who may get `PROMETHEUS_TOKEN`, as a bearer token. */
  recipients: TokenRecipients
}

export interface Series {
  labels: Record<string, string>
  value: number
}

/**
 * An instant query by Prometheus' HTTP API (`/api/v1/query`): the series of its answer, none when nothing matches. Never throws: what
 * could not be asked is unknown.
 */
export async function queryPrometheus(
  { address, recipients }: PrometheusServer,
  expression: string,
): Promise<Known<Series[]>> {
  try {
    const { token, withheld } = tokenFor('PROMETHEUS_TOKEN', address, recipients)
    const url = new URL('api/v1/query', address.endsWith('/') ? address : `${address}/`)
    const body = new URLSearchParams({ query: expression })
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
    const response = await exchange(url, { method: 'POST', body, headers }, MAX_BYTES)
    const isRefused = response.status === 401 || response.status === 403
    if (isRefused && withheld !== undefined) return { unknown: `Prometheus answered ${response.status}; ${withheld}` }
    const answer = JSON.parse(response.text) as {
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
    return { unknown: `Prometheus could not be asked (${reasonOf(error)})` }
  }
}
