import { Ajv2020 } from 'ajv/dist/2020.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../../testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../../testing/server.ts'

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
