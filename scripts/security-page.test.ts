import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')

/** A number of the page: how it is written, and where the code has it. `per` is what one of the unit is in the code's own. */
type Claim = [written: string, file: string, name: string, per?: number]

const KIB = 2 ** 10
const MIB = 2 ** 20
const SECOND = 1000

/** Every row of "Limits of inputs" that names a number. */
const CLAIMS: Record<string, Claim[]> = {
  'HTTP and gRPC requests': [
    ['{} MiB in a generated pod', 'generators/charts/workload/configuration.ts', 'bodyLimit', MIB],
    ['{} KiB of headers', 'serving/http/create-http-server.ts', 'MOST_HEADER_BYTES', KIB],
    ['{} levels of JSON', 'serving/protocols/request-memory.ts', 'MAX_DEPTH'],
  ],
  'half-sent requests': [
    ['{} s for headers', 'serving/http/create-http-server.ts', 'HEADERS_SECONDS'],
    ['{} s for the whole request', 'serving/http/create-http-server.ts', 'REQUEST_SECONDS'],
  ],
  connections: [
    ['{} for HTTP and gRPC together', 'serving/limits/connection-limit.ts', 'DEFAULT_MAX_CONNECTIONS'],
    ['{} gRPC streams a connection', 'serving/protocols/grpc/limit-calls.ts', 'MAX_STREAMS'],
    ['{} health watchers', 'serving/protocols/grpc/limit-calls.ts', 'MAX_WATCHERS'],
    ['{} s idle', 'serving/protocols/grpc/start-grpc-server.ts', 'IDLE_SECONDS'],
    ['{} h of age', 'serving/protocols/grpc/start-grpc-server.ts', 'MAX_AGE_MS', 3600 * SECOND],
  ],
  definition: [
    ['{} s and', 'generators/repository/evaluation/evaluate.ts', 'timeout', SECOND],
    ['a share of {} MiB', 'generators/repository/evaluation/evaluate.ts', 'memory'],
    ['{} values', 'generators/repository/evaluation/data.ts', 'MAX_VALUES'],
    ['{} levels', 'generators/repository/evaluation/data.ts', 'MAX_DEPTH'],
    ['{} MiB of data', 'generators/repository/evaluation/evaluate.ts', 'MAX_ANSWERS', MIB],
    ['{} MiB each', 'generators/repository/evaluation/evaluate.ts', 'MAX_ANSWER', MIB],
  ],
  'manifest for `validate`': [
    ['{} MiB a file', 'generators/validation/manifest-sources.ts', 'MAX_FILE', MIB],
    ['{} MiB and', 'generators/yaml/manifest-stream.ts', 'MAX_DOCUMENT', MIB],
    ['{} levels a document', 'generators/yaml/nesting.ts', 'MAX_NESTING'],
    ['{} documents', 'generators/yaml/manifest-stream.ts', 'MAX_DOCUMENTS'],
    ['{} aliases', 'generators/yaml/yaml.ts', 'MAX_ALIASES'],
  ],
  'ONNX file': [
    ['{} values', 'serving/session/read-model.ts', 'MOST_VALUES'],
    ['{} operators', 'serving/session/read-model.ts', 'MOST_NODES'],
    ['{} nested graphs', 'serving/session/read-model.ts', 'DEEPEST_GRAPH'],
    ['{} GiB plus four times its size', 'serving/session/process-session.ts', 'BASE_MEMORY', 2 ** 30],
    ['{} s a call for commands', 'serving/session/process-session.ts', 'BASE_MS', SECOND],
    ['{} % of the memory', 'serving/models/proofs.ts', 'MEMORY_SHARE', 0.01],
    ['{} s a call (both', 'serving/models/proofs.ts', 'BASE_MS', SECOND],
  ],
  'golden samples in a server': [['{} MiB', 'serving/models/loaded-version.ts', 'MAX_GOLDEN_BYTES', MIB]],
  artifact: [['{} KiB a second', 'serving/artifact/download.ts', 'slowestBytesPerSecond', KIB]],
  'answer of a token service, STS, a credential agent': [
    ['{} KiB', 'serving/artifact/stores/registry-tokens.ts', 'maxBytes', KIB],
    ['{} KiB', 'serving/artifact/stores/aws-credentials.ts', 'maxBytes', KIB],
    ['{} s', 'serving/artifact/stores/registry-tokens.ts', 'timeoutMs', SECOND],
    ['{} s', 'serving/artifact/stores/aws-credentials.ts', 'timeoutMs', SECOND],
  ],
  'error document of S3': [
    ['{} KiB', 'serving/artifact/stores/s3-store.ts', 'maxBytes', KIB],
    ['{} s', 'serving/artifact/stores/s3-store.ts', 'timeoutMs', SECOND],
  ],
  'Prometheus, a Service under `verify`': [
    ['{} MiB', 'generators/observe/prometheus.ts', 'MAX_BYTES', MIB],
    ['{} MiB', 'generators/observe/verify.ts', 'MAX_ANSWER_BYTES', MIB],
    ['{} s', 'generators/observe/exchange.ts', 'TIMEOUT', SECOND],
  ],
  'Argo CD': [
    ['{} MiB', 'generators/observe/argo-cd.ts', 'MAX_BYTES', MIB],
    ['{} s', 'generators/observe/argo-cd.ts', 'TIMEOUT', SECOND],
  ],
  "a page of a forge's API": [
    ['{} MiB', 'generators/forges/github/client.ts', 'MAX_BYTES', MIB],
    ['{} s', 'generators/forges/github/client.ts', 'TIMEOUT', SECOND],
  ],
  'answer of a candidate on another server': [['{} MiB', 'serving/models/remote/remote-client.ts', 'MOST_BYTES', MIB]],
  'plan for `publish`': [
    ['{} MiB,', 'generators/promotion/publication-plan.ts', 'MAX_PLAN_BYTES', MIB],
    ['{} changes', 'generators/promotion/publication-plan.ts', 'MAX_ENTRIES'],
    ['{} files each', 'generators/promotion/publication-plan.ts', 'MAX_FILES'],
    ['{} MiB (characters)', 'generators/promotion/publication-plan.ts', 'MAX_FILE_TEXT', MIB],
  ],
  'report for the comment of a pull request': [
    ['{} MB', '.github/scripts/sticky-comment.mjs', 'MAX_BYTES', 1e6],
    ['{} findings', '.github/scripts/checks-comment.mjs', 'MAX_FINDINGS'],
    ['{} characters each', '.github/scripts/checks-comment.mjs', 'MAX_TEXT'],
  ],
}

/** The value of `const NAME = 16 * 2 ** 20` or `name: 256 * 1024`, the first of that name in a file. */
function numberIn(file: string, name: string): number {
  const [, written = ''] =
    new RegExp(`(?:const ${name}|\\b${name}:)(?:: \\w+)? ?=? ?(\\d[\\d._* ]*)`).exec(read(file)) ?? []
  const factors = written.replaceAll('_', '').split(/(?<!\*)\*(?!\*)/)
  const value = factors.reduce((product, factor) => {
    const [base, exponent = '1'] = factor.split('**')
    return product * Number(base) ** Number(exponent)
  }, 1)
  if (written.trim() === '' || !Number.isFinite(value)) throw new Error(`${file} has no number ${name}: ${written}`)
  return value
}

const [, table = ''] = /## Limits of inputs\n+([\s\S]*?)\n\n/.exec(read('SECURITY.md')) ?? []
const rows = new Map(
  table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .map(([, input = '', limit = '']) => [input, limit]),
)

test('SECURITY.md states the limits that the code has, and no number that the code does not', () => {
  assert.equal([...rows.keys()], Object.keys(CLAIMS))
  for (const [input, claims] of Object.entries(CLAIMS)) {
    let rest = rows.get(input) ?? ''
    const seen = new Set<string>()
    for (const [written, file, name, per = 1] of claims) {
      const stated = written.replace('{}', (numberIn(file, name) / per).toLocaleString('en'))
      assert.ok(
        seen.has(stated) || rest.includes(stated),
        `${input}: ${file} has ${name}, "${stated}"; left of the row: ${rest}`,
      )
      seen.add(stated)
      rest = rest.replace(stated, '')
    }
    assert.not.match(rest, /\d/, `${input}: nothing holds a number in "${rest}"`)
  }
})

test.run()
