import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GoldenSample, GoldenSamples } from '../../serving/contract/index.ts'
import { type Pod, REFUSED_ID } from './pods.ts'

/** Between two requests to a pod, milliseconds: what is measured are queries, not the server. */
const PAUSE = 100
/** In the place of a status: a connection that broke is the machine's, and what it leaves out is seen by the queries. */
const UNANSWERED = 0

/**
 * Asks a pod like its callers would, some of them wrong or in too much of a hurry, until `end`; `answered` counts status codes.
 * @param how.well nobody is wrong or in a hurry
 */
export function load(root: string, { model, port }: Pod, end: () => boolean, { well = false } = {}) {
  const samples = samplesOf(root, model.name, model.stable.facts.bundle.goldenSamples?.path)
  const answered = new Map<number, number>()
  const run = async () => {
    for (let turn = 0; !end(); turn++) {
      const sample = samples[turn % samples.length] as GoldenSample
      const kind = well ? undefined : turn % 10
      // Together: one of them waits while another runs, and its time is over by then.
      const requests =
        kind === 3 ? [ask(sample), ask(sample, { hurry: true }), ask(sample, { hurry: true })] : [ask(sample)]
      if (kind === 1) requests.push(ask(sample, { id: `${REFUSED_ID}${turn}` }))
      if (kind === 5) requests.push(ask(sample, { wrong: true }))
      // A candidate in the shadow answers nobody who does not name it.
      if (kind === 7 && model.candidate?.mode === 'shadow') requests.push(askCandidate(sample))
      if (kind === 2 || kind === 7) requests.push(ask(strange(sample)))
      for (const status of await Promise.all(requests.map((request) => request.catch(() => UNANSWERED))))
        answered.set(status, (answered.get(status) ?? 0) + 1)
      await new Promise((next) => setTimeout(next, PAUSE))
    }
  }
  return { answered, done: run() }

  async function askCandidate({ features = {} }: GoldenSample): Promise<number> {
    const version = model.candidate?.version.facts
    const [input] = version?.interface.inputs ?? []
    const data = (input?.columns ?? []).map(({ name, min = 0 }) => features[name] ?? min)
    const inputs = [{ name: input?.name, shape: [1, data.length], datatype: 'FP32', data }]
    return post(`/v2/models/${model.name}/versions/${version?.version}/infer`, { inputs })
  }

  async function ask({ features, tensors }: GoldenSample, how: { hurry?: boolean; wrong?: boolean; id?: string } = {}) {
    const [path, body]: [string, object] = features
      ? [`/models/${model.name}/predict`, features]
      : [
          `/v2/models/${model.name}/infer`,
          {
            inputs: Object.entries(tensors ?? {}).map(([name, { shape, data }]) => {
              const datatype = model.stable.facts.interface.inputs.find((input) => input.name === name)?.datatype
              return { name, shape, datatype: datatype === 'int64' ? 'INT64' : 'FP32', data }
            }),
          },
        ]
    const id: Record<string, string> = how.id === undefined ? {} : { 'x-request-id': how.id }
    return post(path, how.wrong ? '[1' : body, { ...id, ...(how.hurry && { 'x-modelyard-timeout-ms': '0.001' }) })
  }

  async function post(path: string, body: object | string, headers: Record<string, string> = {}): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    await response.arrayBuffer()
    return response.status
  }
}

/** Ten times the numbers: out of range where the interface says one, and drift. */
function strange(sample: GoldenSample): GoldenSample {
  if (!sample.features) return sample
  const features = Object.entries(sample.features).map(([name, value]) => [
    name,
    typeof value === 'number' ? value * 10 : value,
  ])
  return { ...sample, features: Object.fromEntries(features) }
}

function samplesOf(root: string, model: string, path = ''): GoldenSample[] {
  return (JSON.parse(readFileSync(join(root, 'models', model, path), 'utf8')) as GoldenSamples).samples
}
