import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../../testing/fixtures.ts'
import { bootConfiguration, cleanUp, scratch, servedVersion, testServer } from '../../testing/server.ts'

test.after.each(cleanUp)

const diabetes = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes, {
  samples: 'diabetes.samples.json',
})
const strict = { ...diabetes, strict: true }
const house = await servedVersion('1.0.0', 'house.onnx', INTERFACES.house)
const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris, { samples: 'iris.samples.json' })

test('every path of the document is a route, and every example in it is answered as it says', async () => {
  const server = await testServer(bootConfiguration({ diabetes, strict, house, iris }))
  const document = (await server.get('/openapi.json')).json
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'openapi', components: document.components })
  const pointed = (schema: unknown) => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'))
  let examples = 0
  for (const [path, { get, post }] of Object.entries<Record<string, Record<string, never>>>(document.paths)) {
    // biome-ignore lint/suspicious/noExplicitAny: an operation as the document has it
    const operation = (get ?? post) as any
    const body = operation.requestBody?.content['application/json']
    const answered = operation.responses['200'].content['application/json']?.schema
    const requests = body === undefined ? [undefined] : Object.values<{ value: unknown }>(body.examples ?? {})
    for (const request of requests) {
      const { status, json, text } = await (request ? server.post(path, request.value) : server.get(path))
      assert.is(status, 200, `${path}: ${text}`)
      if (answered) assert.ok(ajv.validate(pointed(answered), json), `${path}: ${ajv.errorsText()}`)
      if (!request) continue
      examples += 1
      assert.ok(ajv.validate(pointed(body.schema), request.value), `${path}: ${ajv.errorsText()}`)
    }
  }
  assert.ok(examples > 40, `${examples}`)
})

/** Values that are wrong in most places. */
const WRONG: unknown[] = [null, [], {}, 'x', [null], 1.5]

/** A body with one of its values replaced or left out, each value in turn; of a list the first two. */
function* mutations(value: unknown): Generator<unknown> {
  yield* WRONG
  if (typeof value !== 'object' || value === null) return
  const keys = Object.keys(value).slice(0, Array.isArray(value) ? 2 : undefined)
  for (const key of keys) {
    const without = Array.isArray(value) ? value.filter((_, at) => at !== Number(key)) : { ...value, [key]: undefined }
    yield without
    for (const other of mutations((value as Record<string, unknown>)[key])) {
      yield Array.isArray(value)
        ? value.map((one, at) => (at === Number(key) ? other : one))
        : { ...value, [key]: other }
    }
  }
}

/** Where a schema can say all that is refused; elsewhere sizes must agree with each other, and rows come in several forms. */
const EXACT = ['predict', 'batch-predict', 'feedback']

test('the document allows every body that is answered, and refuses what the server does', async () => {
  const boot = bootConfiguration({ iris })
  boot.server.predictionLog = { sink: pathToFileURL(join(scratch(), 'log.jsonl')).href }
  const server = await testServer(boot)
  const document = (await server.get('/openapi.json')).json
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'openapi', components: document.components })
  const truth = { requestId: 'a', truth: { label: 1 } }
  const bodies: [string, unknown, string?][] = [
    ['feedback', [truth, { ...truth, truth: [null, { label: 2 }] }]],
    ['feedback', { ...truth, truth: [null] }],
    ['feedback', { ...truth, truth: [null, null] }],
    ['predict', [null, null]],
    ['batch-predict', [null, null]],
    ['batch-predict', { instances: [null] }],
    ['invocations', { instances: [null, null] }],
    ['invocations', { dataframe_records: [null] }],
    ['invocations', { dataframe_split: { columns: ['a'], data: [] } }],
    ['invocations', '', 'text/csv'],
    ['invocations', ' \r\n\n', 'text/csv'],
    [':predict', { instances: [null, null] }],
    [':predict', { instances: [[]] }],
    [':predict', { instances: [], inputs: [] }],
    ['infer', { inputs: [null] }],
    ['infer', { inputs: [] }],
  ]
  const told: string[] = []
  const refused = new Set<string>()
  for (const [path, { post }] of Object.entries<Record<string, never>>(document.paths)) {
    // biome-ignore lint/suspicious/noExplicitAny: an operation as the document has it
    const content = (post as any)?.requestBody?.content ?? {}
    const own = bodies.filter(([ending]) => path.endsWith(ending === 'predict' ? '/predict' : ending))
    for (const [type, { schema, examples = {} }] of Object.entries<Record<string, never>>(content)) {
      const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')))
      const [first] = Object.values<{ value: unknown }>(examples)
      const listed = own.filter(([, , other = 'application/json']) => other === type).map(([, body]) => body)
      const mutated =
        type === 'application/json' ? [...listed, first?.value].flatMap((body) => [...mutations(body)]) : []
      const exact = EXACT.some((ending) => path.endsWith(`/${ending}`))
      const ask = async (body: unknown, mustAgree: boolean) => {
        const text = type === 'application/json' ? JSON.stringify(body) : String(body)
        const { status } = await server.post(path, text, { 'content-type': type })
        const allowed = validate(type === 'application/json' ? JSON.parse(text) : text)
        if (allowed === status < 300 || (allowed && !mustAgree)) return
        told.push(`${path} ${text.slice(0, 200)}: ${status}, and the document ${allowed ? 'allows' : 'refuses'} it`)
      }
      for (const body of listed) {
        refused.add(JSON.stringify(body))
        await ask(body, true)
      }
      for (const body of mutated) await ask(body, exact)
    }
  }
  assert.equal(told, [])
  assert.is(refused.size, new Set(bodies.map(([, body]) => JSON.stringify(body))).size)
})

test('the example of a CSV file is answered as its data frame is', async () => {
  const server = await testServer(bootConfiguration({ diabetes, iris }))
  const { paths } = (await server.get('/openapi.json')).json
  for (const model of ['diabetes', 'iris']) {
    const path = `/models/${model}/invocations`
    const { content } = paths[path].post.requestBody
    const csv = content['text/csv'].examples.rows.value
    const frame = content['application/json'].examples.dataframe_split.value
    const { status, json, text } = await server.post(path, csv, { 'content-type': 'text/csv' })
    assert.is(status, 200, text)
    assert.equal(json, (await server.post(path, frame)).json)
  }
})

test('only what is refused is a constraint: ranges and unknown fields where the version is strict', async () => {
  const server = await testServer(bootConfiguration({ diabetes, strict, house, iris }))
  const { schemas } = (await server.get('/openapi.json')).json.components
  const lenient = schemas['diabetes-record']
  const { age, sex, bmi } = lenient.properties
  assert.is(lenient.additionalProperties, undefined)
  assert.is(age.type, 'integer')
  assert.ok(bmi.minimum < -1e38)
  assert.match(bmi.description, 'expected from 10 to 80')
  assert.is(bmi['x-unit'], 'kg/m2')
  assert.equal(sex.enum, ['female', 'male'])
  assert.is(schemas['strict-record'].properties.bmi.minimum, 10)
  assert.is(schemas['strict-record'].additionalProperties, false)
  // A list of strings is counted, not refused; null is a missing value.
  assert.equal(schemas['house-record'].properties.town.type, ['string', 'null'])
  assert.is(schemas['house-record'].properties.town.enum, undefined)
  assert.not.match('a\u0000b', new RegExp(schemas['house-record'].properties.town.pattern, 'u'))
  assert.match('Köln\n', new RegExp(schemas['house-record'].properties.town.pattern, 'u'))
  assert.equal(schemas['house-record'].required, ['area'])
  assert.not.ok(schemas['iris-record'].required.includes('petal_length'))
})

test('the path without a model is described where it has one meaning', async () => {
  const several = await testServer(bootConfiguration({ diabetes, house }))
  assert.is((await several.get('/openapi.json')).json.paths['/predict'], undefined)
  const one = await testServer(bootConfiguration({ diabetes }))
  assert.ok((await one.get('/openapi.json')).json.paths['/predict'])
})

test.run()
