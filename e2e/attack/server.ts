import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { IRIS_MODELS } from '../served/iris-model.ts'

/** What a caller can send to the built server: what is wrong with what came of it, one a line. */
export interface ServerAttack {
  title: string
  run(server: AttackedServer): Promise<string[]>
}

export interface AttackedServer {
  port: number
  /** Everything that it has logged so far. */
  log(): string
  process: ChildProcess
  stop(): Promise<void>
}

const RECORD = JSON.stringify({ sepal_length: 5.1, sepal_width: 3, petal_length: 1, petal_width: 0.2 })

/** The server with one model. */
export async function startAttackedServer(): Promise<AttackedServer> {
  const directory = mkdtempSync(join(tmpdir(), 'modelyard-attacked-'))
  const drain = { delaySeconds: 0, timeoutSeconds: 2 }
  const server = { port: 0, grpcPort: 0, threads: 1, bodyLimit: 2 ** 20, drain }
  const boot = join(directory, 'boot.json')
  writeFileSync(boot, JSON.stringify({ apiVersion: 'modelyard.dev/v1', server, models: IRIS_MODELS }))
  const main = fileURLToPath(new URL('../../serving/lib/main.js', import.meta.url))
  const child = spawn(
    process.execPath,
    [main, '--boot', boot, '--cache', join(directory, 'cache'), '--host', '127.0.0.1'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < 50_000_000) output += text
    })
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    rmSync(directory, { recursive: true, force: true })
  }
  for (let waited = 0; waited < 600; waited++) {
    const port = Number(/listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1])
    const ready = port > 0 ? await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined) : undefined
    if (ready?.ok) return { port, log: () => output, process: child, stop }
    if (child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await stop()
  throw new Error(`the server did not start: ${output.slice(-2000)}`)
}

/** Bytes as they are, on a connection of their own: what came back within two seconds. */
function raw({ port }: AttackedServer, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    const end = () => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(2000, end)
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk))
    socket.on('error', end)
    socket.on('close', end)
    socket.write(text, 'latin1')
  })
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))

function post(path: string, body: string, headers = ''): string {
  return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
}
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${headers}connection: close\r\n\r\n`

/** Names that every object of JavaScript has, and what a path could be taken for. */
const NAMES = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'valueOf',
  '..',
  '%2e%2e',
  'iris%00',
  'iris%2f..',
  '$(id)',
  '%0d%0aset-cookie:a',
]
const PATHS = (name: string) => [
  `/models/${name}`,
  `/models/${name}/predict`,
  `/models/${name}/batch-predict`,
  `/models/${name}/feedback`,
  `/v1/models/${name}`,
  `/v1/models/${name}:predict`,
  `/v2/models/${name}`,
  `/v2/models/${name}/infer`,
  `/v2/models/iris/versions/${name}`,
  `/v2/models/iris/versions/${name}/infer`,
  `/v2/repository/models/${name}/load`,
]

/** Requests one after the other, and those whose answer is none of the statuses. */
async function answered(server: AttackedServer, requests: readonly string[], wanted: (status: number) => boolean) {
  const wrong: string[] = []
  for (const request of requests) {
    const answer = await raw(server, request)
    if (!wanted(statusOf(answer)))
      wrong.push(`${JSON.stringify(request.slice(0, 120))}: ${JSON.stringify(answer.slice(0, 200))}`)
  }
  return wrong
}

const refused = (status: number) => status >= 400 && status < 500

export const SERVER_ATTACKS: ServerAttack[] = [
  {
    title: 'names of models and versions that every object has',
    run: (server) =>
      answered(
        server,
        NAMES.flatMap((name) => PATHS(name).flatMap((path) => [get(path), post(path, `{"instances":[${RECORD}]}`)])),
        refused,
      ),
  },
  {
    title: 'features, inputs and parameters that every object has',
    run: (server) => {
      const names = ['__proto__', 'constructor', 'toString', '__defineGetter__']
      const bodies = names.flatMap((name): [string, string][] => [
        ['/predict', `{"${name}":{"sepal_length":1}}`],
        ['/predict', `{"${name}":${RECORD}}`],
        ['/v2/models/iris/infer', `{"inputs":[{"name":"${name}","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]}]}`],
        [
          '/v2/models/iris/infer',
          `{"inputs":[{"name":"features","datatype":"${name}","shape":[1,4],"data":[1,2,3,4]}]}`,
        ],
        ['/v2/models/iris/infer', `{"outputs":[{"name":"${name}"}],"inputs":[]}`],
        ['/v1/models/iris:predict', `{"instances":[{"${name}":1}]}`],
        ['/v1/models/iris:predict', `{"inputs":{"${name}":[1]}}`],
        ['/invocations', `{"dataframe_split":{"columns":["${name}"],"data":[[1]]}}`],
        ['/invocations', `{"dataframe_records":[{"${name}":1}]}`],
        ['/invocations', `{"params":{"${name}":1}}`],
        ['/feedback', `{"requestId":"${name}","truth":{"${name}":1}}`],
      ])
      return answered(
        server,
        bodies.map(([path, body]) => post(path, body)),
        refused,
      )
    },
  },
  {
    title: 'two requests in one (request smuggling)',
    async run(server) {
      const inner = 'GET /models HTTP/1.1\r\nhost: x\r\n\r\n'
      const requests = [
        `POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
        `POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 0\r\n\r\n${inner}`,
        `POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: +0\r\n\r\n${inner}`,
        `POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
        `POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n${inner}`,
        `POST /predict HTTP/1.1\r\nhost: x\r\nx: a\n\tb\r\ncontent-length: 0\r\ntransfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n${inner}`,
        `GET /models HTTP/1.1\nhost: x\ncontent-length: 0\n\n${inner}`,
      ]
      const wrong: string[] = []
      for (const request of requests) {
        const found = statuses(await raw(server, request))
        if (found.length !== 1 || !refused(found[0] ?? 0))
          wrong.push(`${JSON.stringify(request.slice(0, 90))}: ${found.join()}`)
      }
      return wrong
    },
  },
  {
    title: 'text of callers in the log, in answers and in metrics',
    async run(server) {
      const before = server.log().length
      const hostile = ['\x1b[2J', '\x9b31m', '"}\\n{"level":60', 'a'.repeat(5000), '\t::error::x', '%0a%0d']
      for (const text of hostile) {
        for (const name of [
          'x-request-id',
          'traceparent',
          'tracestate',
          'user-agent',
          'x-forwarded-for',
          'x-modelyard-timeout-ms',
          'host',
        ]) {
          await raw(server, get(`/models/${encodeURIComponent(text)}`, `${name}: ${text}\r\n`))
          await raw(server, post('/predict', '{"sepal_length":"x"}', `${name}: ${text}\r\n`))
        }
      }
      // Each name that a caller makes up would be a series for ever.
      for (let index = 0; index < 300; index++) {
        await raw(
          server,
          `M${index} /models/m${index}/predict?q=${index} HTTP/1.1\r\nhost: h${index}\r\nconnection: close\r\n\r\n`,
        )
        await raw(server, post(`/models/m${index}/predict`, '{}', `x-request-id: r${index}\r\n`))
      }
      const metrics = await raw(server, get('/metrics'))
      const log = server.log().slice(before)
      const lines = log.split('\n').filter((line) => line !== '')
      const unreadable = lines.filter((line) => {
        try {
          return typeof JSON.parse(line) !== 'object'
        } catch {
          return true
        }
      })
      return [
        ...unreadable.slice(0, 3).map((line) => `no line of the log: ${line.slice(0, 200)}`),
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
        ...(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(log) ? ['a control character in the log'] : []),
        ...(lines.some((line) => line.length > 20_000) ? ['a line of the log as long as a caller wants'] : []),
        ...(/\bm\d+\b|h\d+|r\d+"/.test(metrics) ? ['a label of a caller in the metrics'] : []),
      ]
    },
  },
  {
    title: 'headers that never end, of any number and size',
    async run(server) {
      const many = Array.from({ length: 5000 }, (_, index) => `x${index}: y\r\n`).join('')
      return answered(
        server,
        [get('/models', many), get('/models', `x: ${'y'.repeat(20_000)}\r\n`), get(`/${'a'.repeat(20_000)}`)],
        refused,
      )
    },
  },
  {
    title: 'times and numbers that are none',
    run: (server) =>
      answered(
        server,
        [
          ...['-1', '0', 'NaN', ' ', '1,2'].map((text) =>
            post('/predict', RECORD, `x-modelyard-timeout-ms: ${text}\r\n`),
          ),
          ...['1e400', '-1e400', '"NaN"', '{}', '[[]]', 'true'].map((text) =>
            post('/predict', RECORD.replace('5.1', text)),
          ),
          ...['[-1,4]', '[9007199254740993,4]', '[1e10,1e10]', '[0.5,8]', '["1",4]', '[]'].map((shape) =>
            post(
              '/v2/models/iris/infer',
              `{"inputs":[{"name":"features","datatype":"FP32","shape":${shape},"data":[1,2,3,4]}]}`,
            ),
          ),
        ],
        refused,
      ),
  },
]

/** Whether it still answers as it should. */
export async function isWell(server: AttackedServer): Promise<string[]> {
  const answer = await raw(server, post('/predict', RECORD))
  return statusOf(answer) === 200 ? [] : [`afterwards a request is answered: ${answer.slice(0, 200)}`]
}
