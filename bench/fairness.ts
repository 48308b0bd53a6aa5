import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixture } from '../serving/testing/fixtures.ts'
import { type Answer, closedLoop, httpClient, latency, probeDuring, sleep, statuses } from './http-load.ts'
import { bootModel, LOOP_BODY, stepsBody, writeLoopModel } from './loop-models.ts'
import { startScratchServer } from './scratch-server.ts'

/**
 * What a slow model costs those beside it: `/healthz` and a small model are asked every 10 ms while four callers keep a slow model
 * busy, from the first request on, each time with a new server. `npm run bench:fairness -- [seconds]`. The slow models have no golden
 * samples. Exits with 1 when a probe or a request is not answered with 200; times are figures, since the machine may be busy.
 */
const SECONDS = Number(process.argv[2] ?? 8)
const PORT = 18_481
const CALLERS = 4
const PROBE_MS = 10
const WANTED_P99_MS = 50

const directory = mkdtempSync(join(tmpdir(), 'modelyard-bench-fairness-'))
const models = [
  bootModel('iris', fixture('iris.onnx'), 'iris'),
  bootModel('slow', writeLoopModel(join(directory, 'slow.onnx'), 60_000), 'slow'),
  bootModel('steps', fixture('steps.onnx'), 'steps'),
]
const flower = JSON.stringify({ sepal_length: 5.1, sepal_width: 3, petal_length: 1, petal_width: 0.2 })

type Client = ReturnType<typeof httpClient>
const slow = (client: Client) => () => client.post('/v2/models/slow/infer', LOOP_BODY)
function alternating(client: Client): () => Promise<Answer> {
  let turn = 0
  return () => client.post('/v2/models/steps/infer', stepsBody(turn++ % 2 === 0 ? 60_000 : 1))
}

const TRIALS: Record<string, ((client: Client) => () => Promise<Answer>)[]> = {
  'no load': [],
  'a slow model without golden samples': [slow],
  'a model with short and long inputs in turns': [alternating],
  both: [slow, alternating],
}

let wrong = 0
const results: Record<string, object> = {}
for (const [name, loads] of Object.entries(TRIALS)) {
  const server = await startScratchServer(models, PORT)
  const client = httpClient(PORT)
  const load = Promise.all([
    sleep(SECONDS * 1000),
    ...loads.map((ask) => closedLoop(CALLERS, SECONDS, ask(client))),
  ]).then(([, ...answers]) => answers.flat())
  const [health, beside, answers] = await Promise.all([
    probeDuring(load, PROBE_MS, () => client.get('/healthz')),
    probeDuring(load, PROBE_MS, () => client.post('/models/iris/predict', flower)),
    load,
  ])
  wrong += [...health, ...beside, ...answers].filter(({ status }) => status !== 200).length
  const healthz = latency(health)
  results[name] = {
    healthzMs: healthz,
    healthzP99Below50Ms: healthz.p99 < WANTED_P99_MS,
    otherModelMs: latency(beside),
    ...(loads.length > 0 && { slowModelMs: latency(answers), slowModelStatus: statuses(answers) }),
  }
  client.close()
  await server.stop()
}
rmSync(directory, { recursive: true })
console.log(JSON.stringify({ seconds: SECONDS, notAnswered: wrong, trials: results }, null, 2))
process.exit(wrong === 0 ? 0 : 1)
