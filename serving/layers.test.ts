import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

/** Each folder imports only folders before it. Files beside them (`main.ts`) come last. */
const LAYERS = [
  ...[
    'contract',
    'tracing',
    'artifact',
    'session',
    'batcher',
    'monitoring',
    'prediction-log',
    'join',
    'models',
    'security',
    'limits',
  ],
  ...['protocols', 'pages', 'http'],
]

const root = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/^(lib|node_modules)/.test(file))
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
const sources = files.filter(({ file }) => !file.endsWith('.test.ts') && !file.startsWith('testing'))

function* importsOf(text: string): Generator<string> {
  for (const [, specifier] of text.matchAll(/(?:from |import\()'([^']+)'/g)) if (specifier) yield specifier
}

function layerOf(file: string): number {
  const layer = LAYERS.indexOf(file.split('/')[0] ?? '')
  return layer === -1 ? LAYERS.length : layer
}

test('a folder imports only folders to its left', () => {
  for (const { file, text } of sources) {
    for (const specifier of importsOf(text)) {
      if (!specifier.startsWith('.')) continue
      const target = relative(root, join(root, dirname(file), specifier))
      assert.ok(layerOf(target) <= layerOf(file), `${file} imports ${target}`)
      assert.not.ok(target.startsWith('..'), `${file} imports ${target}`)
    }
  }
})

test('a folder is imported through its index', () => {
  for (const { file, text } of sources) {
    for (const specifier of importsOf(text)) {
      const [folder, ...rest] = relative(root, join(root, dirname(file), specifier)).split('/')
      if (!specifier.startsWith('.') || rest.length === 0 || folder === file.split('/')[0]) continue
      assert.is(rest.join('/'), 'index.ts', `${file} imports ${specifier}`)
    }
  }
})

test('each third-party package is imported where it belongs', () => {
  const places: Record<string, RegExp> = {
    'onnxruntime-node': /^session\/runtime\.ts$/,
    '@bufbuild/protobuf/wire': /^(session|protocols\/grpc)\//,
    '@grpc/grpc-js': /^protocols\/grpc\//,
    'prom-client': /^monitoring\//,
    ajv: /^models\//,
    papaparse: /^protocols\/mlflow\/read-csv\.ts$/,
    fastify: /^(http|pages|protocols)\//,
    pino: /^http\/server-log\.ts$/,
    undici: /^artifact\/stores\/http-client\.ts$/,
    aws4fetch: /^artifact\/stores\/s3-store\.ts$/,
  }
  for (const { file, text } of sources) {
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
      assert.match(file, places[specifier] ?? /^$/, `${file} imports ${specifier}`)
    }
  }
})

test('every test file runs its tests', () => {
  for (const { file, text } of files) {
    if (file.endsWith('.test.ts')) assert.ok(text.trimEnd().endsWith('test.run()'), file)
  }
})

test.run()
