import { Agent, request } from 'node:http'

/** One answer. Times are of `performance.now()`, milliseconds. */
export interface Answer {
  /** 0: none. */
  status: number
  sent: number
  ended: number
  /** `Retry-After`, seconds. */
  retryAfter: number | undefined
}

/** Sends requests to one server over kept connections. */
export function httpClient(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4096 })

  function call(method: 'GET' | 'POST', path: string, body?: string): Promise<Answer> {
    const sent = performance.now()
    return new Promise((resolve) => {
      const end = (status: number, retryAfter?: string) =>
        resolve({
          status,
          sent,
          ended: performance.now(),
          retryAfter: retryAfter === undefined ? undefined : Number(retryAfter),
        })
      const headers = { 'content-type': 'application/json' }
      const outgoing = request({ agent, port, host: '127.0.0.1', method, path, headers })
      outgoing.on('error', () => end(0))
      outgoing.on('response', (response) => {
        response.resume()
        response.on('end', () => end(response.statusCode ?? 0, response.headers['retry-after']))
      })
      outgoing.end(body)
    })
  }

  return {
    get: (path: string) => call('GET', path),
    post: (path: string, body: string) => call('POST', path, body),
    close: () => agent.destroy(),
  }
}

export const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** So many callers that each wait for their answer (a closed loop). */
export async function closedLoop(callers: number, seconds: number, ask: () => Promise<Answer>): Promise<Answer[]> {
  const end = performance.now() + seconds * 1000
  const answers: Answer[] = []
  const caller = async () => {
    while (performance.now() < end) answers.push(await ask())
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return answers
}

/** Sends at a rate, a second, whatever the answers do (an open loop). */
export async function openLoop(rate: number, seconds: number, ask: () => Promise<Answer>): Promise<Answer[]> {
  const pending: Promise<Answer>[] = []
  const started = performance.now()
  for (let elapsed = 0; elapsed < seconds * 1000; elapsed = performance.now() - started) {
    while (pending.length < (elapsed * rate) / 1000) pending.push(ask())
    await sleep(2)
  }
  return Promise.all(pending)
}

/** Asks every so many milliseconds until `work` has ended, one at a time. */
export async function probeDuring(
  work: Promise<unknown>,
  everyMs: number,
  ask: () => Promise<Answer>,
): Promise<Answer[]> {
  let done = false
  const stop = () => {
    done = true
  }
  work.then(stop, stop)
  const answers: Answer[] = []
  while (!done) {
    answers.push(await ask())
    await sleep(everyMs)
  }
  return answers
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** How many, and how long the answers took, milliseconds. */
export function latency(answers: readonly Answer[]) {
  const times = answers.map(({ sent, ended }) => ended - sent)
  const at = (share: number) => Number(percentile(times, share).toFixed(1))
  return { answers: times.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}

/** Answers by status. */
export function statuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
