import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const house = await servedVersion('1.0.0', 'house.onnx', INTERFACES.house)

const tensors = (town: string) =>
  `{"inputs":[{"name":"area","datatype":"FP32","shape":[1,1],"data":[70]},{"name":"town","datatype":"BYTES","shape":[1,1],"data":["${town}"]}]}`

/** A body of each protocol with one text in it. */
const BODIES: [path: string, body: (town: string) => string, type?: string][] = [
  ['/predict', (town) => `{"area":70,"town":"${town}"}`],
  ['/predict', (town) => `[{"area":70,"town":"north","${town}":1}]`],
  ['/batch-predict', (town) => `[{"area":70,"town":"north"},{"area":70,"town":"${town}"}]`],
  ['/v2/models/house/infer', tensors],
  ['/v2/models/house/infer', (id) => tensors('north').replace('{', `{"id":"${id}",`)],
  ['/v1/models/house:predict', (town) => `{"instances":[{"area":70,"town":"${town}"}]}`],
  ['/invocations', (town) => `{"dataframe_records":[{"area":70,"town":"${town}"}]}`],
  ['/invocations', (town) => `{"dataframe_split":{"columns":["area","${town}"],"data":[[70,"north"]]}}`],
  ['/invocations', (town) => `area,town\n70,${town}\n`, 'text/csv'],
  ['/invocations', (town) => `area,town,${town}\n70,north,1\n`, 'text/csv'],
]

test('a body that is not UTF-8 is a 400 in every protocol that says which byte', async () => {
  const server = await testServer(bootConfiguration({ house }))
  for (const [path, body, type = 'application/json'] of BODIES) {
    for (const wrong of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf5, 0x80, 0x80, 0x80]]) {
      const [before = '', after = ''] = body('\u00e9|').split('|')
      const bytes = Buffer.concat([Buffer.from(`${before}\ufffd`), Buffer.from(wrong), Buffer.from(after)])
      const response = await fetch(server.address + path, {
        method: 'POST',
        headers: { 'content-type': type },
        body: bytes,
      })
      const text = await response.text()
      assert.is(response.status, 400, `${path} ${text}`)
      const hex = (wrong[0] ?? 0).toString(16)
      assert.match(text, `the body is not UTF-8: byte 0x${hex} at offset ${Buffer.byteLength(before) + 3}`)
    }
  }
})

test('an unpaired surrogate, escaped in JSON, is a 400 in every protocol that says where', async () => {
  const server = await testServer(bootConfiguration({ house }))
  for (const [path, body, type] of BODIES) {
    if (type !== undefined) continue
    for (const wrong of ['\\ud800', 'a\\uDFFFb', '\\udc00\\ud800', '\\ud83e\\ud83e\\udd89']) {
      const { status, json, text } = await server.post(path, body(wrong))
      assert.is(status, 400, `${path} ${text}`)
      assert.match(json.error, 'unpaired surrogate')
      assert.is(json.details.length, 1)
    }
  }
  const { json } = await server.post('/batch-predict', '[{"area":70},{"area":70,"town":"\\ud800"}]')
  assert.is(json.error, '[1].town must be Unicode text, but has an unpaired surrogate')
})

test('text beyond the basic plane and U+FFFD itself are text as any other', async () => {
  const server = await testServer(bootConfiguration({ house }))
  for (const [path, body, type = 'application/json'] of BODIES) {
    for (const right of ['\ufffd', '\u{1f989}', ...(type === 'text/csv' ? [] : ['\\ud83e\\udd89', '\\ufffd'])]) {
      const { status, text } = await server.post(path, body(right), { 'content-type': type })
      // A column of another name lacks the town, which may be missing.
      assert.is(status, 200, `${path} ${body(right)} ${text}`)
    }
  }
})

/** An id of 64 bits and a text. */
const ids: ModelInterface = {
  inputs: [{ name: 'index', datatype: 'int64', shape: ['batch', 1], columns: [{ name: 'index', kind: 'number' }] }],
  outputs: INTERFACES.lookup.outputs,
}

test('integers beyond 2^53 keep their digits in every JSON protocol', async () => {
  const lookup = await servedVersion('1.0.0', 'lookup.onnx', ids, {
    interface: {
      ...ids,
      inputs: ids.inputs.map((input) => ({ ...input, columns: [{ name: 'index', kind: 'number', max: 1 }] })),
    },
    strict: true,
  })
  const server = await testServer(bootConfiguration({ lookup }))
  const bodies: [string, (id: string) => string][] = [
    ['/predict', (id) => `{"index":${id}}`],
    ['/batch-predict', (id) => `[{"index": ${id}}]`],
    ['/v1/models/lookup:predict', (id) => `{"instances":[[${id}]]}`],
    ['/invocations', (id) => `{"inputs":{"index":[${id}]}}`],
  ]
  for (const [path, body] of bodies) {
    for (const id of ['9007199254740993', '"9007199254740993"', '9223372036854775807']) {
      const { status, text } = await server.post(path, body(id))
      assert.ok(status === 400 || status === 422, text)
      // The bound of the feature refuses it, with the digits that were sent.
      assert.match(text, `must be at most 1, got ${id.replaceAll('"', '')}`)
    }
    const { text } = await server.post(path, body('9223372036854775808'))
    assert.match(text, 'must be from -9223372036854775808 to 9223372036854775807 (int64), got 9223372036854775808')
    assert.match((await server.post(path, body('"5"'))).text, 'must be a number, not a string')
  }
  const raw = { inputs: [{ name: 'index', datatype: 'INT64', shape: [1, 1], data: [0] }] }
  const wrong = JSON.stringify(raw).replace('"data":[0]', '"data":[-9223372036854775809]')
  assert.match((await server.post('/v2/models/lookup/infer', wrong)).text, 'got -9223372036854775809')
})

test.run()
