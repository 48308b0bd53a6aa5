import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transformSync } from 'esbuild'
import type { BootConfiguration, GoldenSample } from '../../serving/contract/index.ts'
import {
  agrees,
  CONNECTIONS,
  type Contestant,
  first,
  freePort,
  JSON_HEADERS,
  json,
  parse,
  type Server,
} from './contestant.ts'
import { type Example, ROOT } from './example.ts'
import type { Loop } from './measure.ts'

/** Enough that the next large request is there when one is answered. */
const LARGE_CONNECTIONS = [4]
const LARGE_ROWS = 128
const SOURCE = ['-C', 'modelyard-source', '--import', 'tsx']

/** The server of this repository, compiled as in its image. */
export async function modelyardServer({ model, pod }: Example): Promise<Server> {
  const port = await freePort()
  const { bootPath, routingPath, cacheDirectory } = pod
  const flags = { '--boot': bootPath, '--routing': routingPath, '--cache': cacheDirectory }
  return {
    name: `modelyard ${model}`,
    command: [
      process.execPath,
      join(ROOT, 'serving', 'lib', 'main.js'),
      ...Object.entries(flags).flat(),
      ...['--host', '127.0.0.1', '--port', String(port)],
    ],
    env: { NODE_ENV: 'production' },
    port,
    readyPath: '/readyz',
  }
}

/** Rows that share a call in the pod for large requests: several of them, where the example's own bound is half of one. */
const BULK_ROWS = 4 * LARGE_ROWS

/** The same server for callers who send `LARGE_ROWS` rows at once: its pod takes as many in one call. */
export async function bulkServer(example: Example): Promise<Server> {
  const { bootPath } = example.pod
  const boot: BootConfiguration = JSON.parse(readFileSync(bootPath, 'utf8'))
  for (const { versions } of boot.models) for (const version of versions) version.batching.maxSize = BULK_ROWS
  writeFileSync(bootPath, JSON.stringify(boot))
  const server = await modelyardServer(example)
  return { ...server, name: `${server.name}, bulk` }
}

export function modelyard(id: string, server: Server, { samples, model }: Example): Contestant {
  const sample = first(samples)
  return {
    id,
    title: 'Modelyard, metrics and drift on',
    server,
    path: `/models/${model}/predict`,
    headers: JSON_HEADERS,
    body: json(sample.features),
    connections: CONNECTIONS,
    isRight: (answer) => agrees(sample, Object.values(parse(answer)['prediction'] as object).at(-1)),
  }
}

/** The same for the cost of metrics and drift. */
export async function unmonitored(id: string, example: Example): Promise<Contestant> {
  const { pod, model } = example
  const port = await freePort()
  const source = readFileSync(join(ROOT, 'bench', 'serving', 'unmonitored-server.ts'), 'utf8')
  // Compiled here and run without tsx, which would compile the server itself again, with the names of all functions kept.
  const program = join(dirname(pod.bootPath), 'unmonitored-server.mjs')
  writeFileSync(program, transformSync(source, { loader: 'ts' }).code)
  const main = pathToFileURL(join(ROOT, 'serving', 'lib', 'main.js')).href
  const server = {
    name: `unmonitored ${model}`,
    command: [process.execPath, program, main, pod.bootPath, pod.cacheDirectory, String(port)],
    env: { NODE_ENV: 'production' },
    cwd: ROOT,
    port,
    readyPath: '/readyz',
  }
  const title = 'Modelyard, metrics and drift off'
  return { ...modelyard(id, server, example), title, connections: [32] }
}

/** `LARGE_ROWS` rows in one request of the Open Inference Protocol. */
export function large(server: Server, example: Example): { json: Contestant; binary: Contestant } {
  const { samples, model, row } = example
  const rows = manyRows(example)
  const shape = [LARGE_ROWS, row(first(samples)).length]
  const path = `/v2/models/${model}/infer`
  const input = { name: 'features', shape, datatype: 'FP32' }
  const raw = new Uint8Array(Float32Array.from(rows.flat()).buffer)
  const head = Buffer.from(
    JSON.stringify({
      inputs: [{ ...input, parameters: { binary_data_size: raw.byteLength } }],
      parameters: { binary_data_output: true },
    }),
  )
  const both = { server, path, connections: LARGE_CONNECTIONS }
  const expected = Array.from({ length: LARGE_ROWS }, (_, index) => samples[index % samples.length] as GoldenSample)
  const right = (values: ArrayLike<unknown>) => expected.every((sample, index) => agrees(sample, values[index]))
  return {
    json: {
      ...both,
      id: 'rows-json',
      title: `Modelyard, ${LARGE_ROWS} rows, JSON`,
      headers: JSON_HEADERS,
      body: json({ inputs: [{ ...input, data: rows.flat() }] }),
      isRight: (answer) => right((parse(answer)['outputs'] as { data: number[] }[])[0]?.data ?? []),
    },
    binary: {
      ...both,
      id: 'rows-binary',
      title: `Modelyard, ${LARGE_ROWS} rows, binary`,
      headers: {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(head.byteLength),
      },
      body: Buffer.concat([head, raw]),
      isRight: (answer) => right(new Float32Array(answer.slice(-LARGE_ROWS * 4).buffer)),
    },
  }
}

function manyRows({ samples, row }: Example): number[][] {
  return Array.from({ length: LARGE_ROWS }, (_, index) => row(samples[index % samples.length] as GoldenSample))
}

export async function echoServer(): Promise<Server> {
  const port = await freePort()
  const program = join(ROOT, 'bench', 'serving', 'echo-server.ts')
  return {
    name: 'echo',
    command: [process.execPath, ...SOURCE, program, String(port)],
    env: { NODE_ENV: 'production' },
    cwd: ROOT,
    port,
    readyPath: '/ready',
  }
}

export function echo(id: string, server: Server, { samples }: Example): Contestant {
  const body = json(first(samples).features)
  return {
    id,
    title: '(a) Fastify, echo of the same body',
    server,
    path: '/predict',
    headers: JSON_HEADERS,
    body,
    connections: CONNECTIONS,
    isRight: (answer) => Buffer.from(answer).equals(body),
  }
}

/** (b): ONNX Runtime alone, for one row and for many. */
export function loops(example: Example): Loop[] {
  const { onnx, samples, row } = example
  const command = (rows: number[][]) => [
    process.execPath,
    ...SOURCE,
    join(ROOT, 'bench', 'serving', 'onnxruntime-loop.ts'),
    onnx,
    JSON.stringify(rows),
  ]
  return [
    { id: 'loop-1', title: '(b) ONNX Runtime in a loop, 1 row', command: command([row(first(samples))]), cwd: ROOT },
    {
      id: 'loop-128',
      title: `(b) ONNX Runtime in a loop, ${LARGE_ROWS} rows`,
      command: command(manyRows(example)),
      cwd: ROOT,
    },
  ]
}
