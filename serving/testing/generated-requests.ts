import type { ModelInterface } from '../contract/index.ts'
import { anyBytes, anyJson, damaged, inference, record } from './generated-values.ts'
import type { Random } from './random.ts'

/** A route as Fastify has it: `/v2/models/:model/infer`. */
export interface KnownRoute {
  method: string
  url: string
}

export interface GeneratedRequest {
  method: string
  path: string
  headers: Record<string, string>
  body: Buffer
}

const NAMES = ['nobody', '', '..', '%2e%2e', 'a%00b', '%', '%zz', '\u00e9', 'x'.repeat(300), '__proto__', '*', ':']
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND']
/** A body has no meaning with these. */
const BODILESS = new Set(['GET', 'HEAD', 'OPTIONS'])

const TYPES = [
  'application/json; charset=utf-8',
  'application/octet-stream',
  'text/csv',
  'text/csv; header=present',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/cloudevents+json',
  'nonsense',
  '',
]

/** Headers that somebody might send, and some that nobody should. */
const HEADERS: readonly [string, readonly string[]][] = [
  ['x-request-id', ['seven', '\u00e9', 'x'.repeat(500), '{}']],
  ['x-modelyard-timeout-ms', ['soon', '-1', '60000', '1e9', 'NaN', 'Infinity', '']],
  ['x-user', ['somebody', '', 'x'.repeat(1000)]],
  ['inference-header-content-length', ['0', '10', '-1', '99999999', '1e3', 'x', '1, 2']],
  ['traceparent', ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '00-0-0-00', '\u00e9', '-']],
  ['authorization', ['Bearer x', 'Bearer', 'Basic x', '']],
  ['accept', ['*/*', 'text/html', 'application/json', 'x']],
  ['accept-encoding', ['gzip', 'identity;q=0', 'x']],
  ['content-encoding', ['gzip', 'identity', 'x']],
  ['host', ['diabetes.ml.svc.cluster.local', 'house:80', 'x', '[::1]', 'a b', '']],
  ['range', ['bytes=0-1', 'bytes=-']],
  ['if-none-match', ['*', '"x"']],
  ['expect', ['100-continue']],
  ['cookie', ['a=b']],
]

/** One request for some route of the server: right, nearly right, or nonsense. */
export function generateRequest(
  routes: readonly KnownRoute[],
  models: Readonly<Record<string, ModelInterface>>,
  chance: Random,
): GeneratedRequest {
  const { oneIn, pick } = chance
  // Most routes have no body; those that do are where mistakes are made.
  const withBody = routes.filter(({ method }) => method === 'POST')
  const route = pick(oneIn(4) ? routes : withBody)
  const name = pick(Object.keys(models))
  const path = pathOf(route.url, name, chance)
  const method = oneIn(12) ? pick(METHODS) : route.method
  const { body, headers } = bodyFor(route.url, models[name] as ModelInterface, chance)
  for (const [header, values] of HEADERS) if (oneIn(16)) headers[header] = pick(values)
  if (oneIn(10)) headers['content-type'] = pick(TYPES)
  return { method, path, headers, body: BODILESS.has(method) ? Buffer.alloc(0) : body }
}

function pathOf(url: string, model: string, { oneIn, pick }: Random): string {
  const filled = url.replaceAll('::', '\u0000').replace(/:(\w+)(\([^)]*\))?|\*/g, (_whole, parameter?: string) => {
    if (oneIn(12)) return encodeOdd(pick(NAMES))
    if (parameter === 'version') return pick(['1.0.0', '1.1.0', '2.1.0', '9'])
    return parameter === undefined ? pick(['page.js', 'page.css', 'x']) : model
  })
  const path = filled.replaceAll('\u0000', ':')
  return oneIn(20) ? `${path}${pick(['/', '//', '?', '?a=1&a=2', '?__proto__[x]=1', '#x', '/../..', ';x', '%'])}` : path
}

/** A client of HTTP takes no raw spaces and letters beyond ASCII in a path; the server must take any percent sign. */
function encodeOdd(name: string): string {
  return name.replaceAll('\u00e9', '%C3%A9')
}

function bodyFor(url: string, modelInterface: ModelInterface, chance: Random) {
  const { below, oneIn, pick } = chance
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  const rows = pick([1, 1, 2, 7])
  const records = Array.from({ length: rows }, () => record(modelInterface, chance))
  const tensors = inference(modelInterface, rows, chance, url.includes('/infer') && oneIn(3))
  const columns = Object.keys(records[0] ?? {})
  const table = records.map((row) => columns.map((column) => row[column]))
  const shapes: [RegExp, unknown][] = [
    [/\/predict$/, rows === 1 ? records[0] : records],
    [/batch-predict/, pick<unknown>([records, { records }])],
    [/infer$/, tensors.json],
    [/:predict|v1/, pick<unknown>([{ instances: records }, { instances: table }, { inputs: table }])],
    [
      /invocations/,
      pick<unknown>([
        { dataframe_split: { columns, data: table } },
        { dataframe_records: records },
        { instances: table, params: {} },
        { inputs: Object.fromEntries(columns.map((column) => [column, records.map((row) => row[column])])) },
      ]),
    ],
    [/feedback/, { request_id: `id-${below(100)}`, truth: { progression: below(200) } }],
    [/index$/, { ready: oneIn(2) }],
  ]
  const fitting = shapes.filter(([pattern]) => pattern.test(url))
  const [, right] = pick(fitting.length > 0 && !oneIn(6) ? fitting : shapes)
  if (oneIn(8)) return { headers, body: nonsense(chance) }
  if (oneIn(20)) {
    headers['content-type'] = 'text/csv'
    return {
      headers,
      body: Buffer.from([columns, ...table].map((row) => row.join(',')).join(pick(['\n', '\r\n', '\r']))),
    }
  }
  const json = Buffer.from(JSON.stringify(oneIn(2) ? damaged(right, chance) : right) ?? '')
  if (right !== tensors.json || tensors.binary.byteLength === 0) return { headers, body: json }
  headers['inference-header-content-length'] = String(json.byteLength)
  const body = Buffer.concat([json, tensors.binary])
  return { headers, body: oneIn(4) ? body.subarray(0, below(body.byteLength)) : body }
}

function nonsense(chance: Random): Buffer {
  const { below, oneIn, pick } = chance
  if (oneIn(400)) return Buffer.from(`{"inputs": "${'x'.repeat(1_100_000)}"}`)
  if (oneIn(10)) return Buffer.from('['.repeat(20_000))
  if (oneIn(3)) return anyBytes(chance, below(200))
  if (oneIn(3))
    return Buffer.from(
      pick(['', ' ', '{', 'null', '[]', '{"a":1,"a":2}', '\ufeff{}', 'NaN', '{"__proto__":{}}', '1e999']),
    )
  return Buffer.from(JSON.stringify(anyJson(chance)) ?? '')
}
