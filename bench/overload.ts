import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Answer,
  closedLoop,
  httpClient,
  latency,
  openLoop,
  percentile,
  probeDuring,
  statuses,
} from './http-load.ts'
import { bootModel, DEFAULT_BATCHING, LOOP_BODY, writeLoopModel } from './loop-models.ts'
import { startScratchServer } from './scratch-server.ts'

/**
 * Overload over real sockets with the default settings: the capacity of a slow model (closed loop), then two, three and four times that
 * rate (open loop), and a burst upon a server that has just started. Prints what was answered and refused, the latency of the answers and
 * of `/healthz`, and `Retry-After` beside the time after which all requests were answered that waited then.
 * `npm run bench:overload -- [seconds]`; ratios hold on a shared machine, absolute times do not. Exits with 1 when a request was
 * neither answered nor refused with a time to come back.
 */
const SECONDS = Number(process.argv[2] ?? 4)
const FACTORS = [2, 3, 4]
const PORT = 18_480
const WARM_SECONDS = 2
const BURST = 1500
const MAX_RETRY_AFTER_SECONDS = 30

const directory = mkdtempSync(join(tmpdir(), 'modelyard-bench-overload-'))
const model = (steps: number, batching = DEFAULT_BATCHING) => {
  return [bootModel('slow', writeLoopModel(join(directory, `${steps}.onnx`), steps), 'slow', batching)]
}
/** `callers` keep the model busy without one of them being refused. */
const CASES = [
  // So that the capacity is that of the model and not of batching.
  { name: 'one request a call', callers: 4, models: model(10_000, { maxSize: 1, maxDelayMs: 0 }) },
  { name: 'requests share calls', callers: 64, models: model(30_000) },
]

type Client = ReturnType<typeof httpClient>
const infer = (client: Client) => () => client.post('/v2/models/slow/infer', LOOP_BODY)
const rounded = (value: number) => Number(value.toFixed(2))
const isRefused = ({ status }: Answer) => status === 429 || status === 503

/** Requests that are answered with 200, a second. */
async function capacity(client: Client, callers: number, seconds: number): Promise<number> {
  const answers = await closedLoop(callers, seconds, infer(client))
  return answers.filter(({ status }) => status === 200).length / seconds
}

/** Seconds that each refused caller was told to wait, and those after which everything was answered that had been sent before it. */
function retries(answers: readonly Answer[]) {
  const good = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(isRefused)
  if (refused.length === 0) return undefined
  const told = refused.map(({ retryAfter = Number.NaN }) => retryAfter)
  const needed = refused.map(({ sent, ended }) => {
    const last = good.reduce((latest, one) => (one.sent <= sent && one.ended > latest ? one.ended : latest), ended)
    return (last - ended) / 1000
  })
  const summary = (values: number[]) => ({ p50: rounded(percentile(values, 0.5)), max: rounded(percentile(values, 1)) })
  const beyond = told.map((seconds, index) => seconds - (needed[index] as number))
  return { told: summary(told), needed: summary(needed), toldBeyondNeeded: summary(beyond) }
}

let wrong = 0
function summary(answers: readonly Answer[], rate?: { capacity: number }) {
  const good = answers.filter(({ status }) => status === 200)
  wrong += answers.filter((answer) => {
    const { status, retryAfter = Number.NaN } = answer
    return status !== 200 && !(isRefused(answer) && retryAfter >= 1 && retryAfter <= MAX_RETRY_AFTER_SECONDS)
  }).length
  // Answers that came after the last request was sent are of the same overload: their time counts.
  const span =
    (percentile(
      good.map(({ ended }) => ended),
      1,
    ) -
      Math.min(...answers.map(({ sent }) => sent))) /
    1000
  return {
    status: statuses(answers),
    ...(rate && { goodputOfCapacity: rounded(good.length / span / rate.capacity) }),
    answeredMs: latency(good),
    refusedMs: latency(answers.filter(isRefused)),
    retryAfterSeconds: retries(answers),
  }
}

const results: Record<string, object> = {}
for (const { name, callers, models } of CASES) {
  const server = await startScratchServer(models, PORT)
  const client = httpClient(PORT)
  const burst = await Promise.all(Array.from({ length: BURST }, infer(client)))
  const turns: Record<string, object> = { [`${BURST} requests at once, the first ones`]: summary(burst) }
  await capacity(client, callers, WARM_SECONDS)
  for (const factor of FACTORS) {
    const before = await capacity(client, callers, SECONDS)
    const load = openLoop(before * factor, SECONDS, infer(client))
    const health = await probeDuring(load, 10, () => client.get('/healthz'))
    const answers = await load
    // The machine's own pace changes: the capacity before and after.
    const mean = (before + (await capacity(client, callers, SECONDS))) / 2
    const rates = { capacityPerSecond: rounded(mean), offeredPerSecond: rounded(before * factor) }
    turns[`${factor} times the capacity`] = {
      ...rates,
      ...summary(answers, { capacity: mean }),
      healthzMs: latency(health),
    }
  }
  client.close()
  results[name] = { ...turns, exitCode: await server.stop() }
}
rmSync(directory, { recursive: true })
console.log(JSON.stringify({ seconds: SECONDS, neitherAnsweredNorRefused: wrong, trials: results }, null, 2))
process.exit(wrong === 0 ? 0 : 1)
