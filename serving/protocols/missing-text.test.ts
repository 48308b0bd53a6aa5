import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface } from '../contract/index.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const modelInterface = (more: { missingText?: string }): ModelInterface => ({
  inputs: [
    {
      name: 'c',
      datatype: 'string',
      shape: ['batch', 1],
      columns: [{ name: 'c', kind: 'category', missing: true, ...more }],
    },
  ],
  outputs: [{ name: 'y', datatype: 'float32', shape: ['batch', 1] }],
})

const nan = await servedVersion('1.0.0', 'nan-text.onnx', modelInterface({ missingText: 'nan' }))
const empty = await servedVersion('1.0.0', 'nan-text.onnx', modelInterface({}))

test('a missing text is what the interface says, in every protocol', async () => {
  const server = await testServer(bootConfiguration({ nan, empty }))
  const bodies: [string, unknown, string?][] = [
    ['predict', { c: null }],
    ['predict', {}],
    ['batch-predict', [{ c: null }]],
    ['invocations', { dataframe_records: [{ c: null }] }],
    ['invocations', 'c,other\n,1\n', 'text/csv'],
    ['infer', { inputs: [{ name: 'c', datatype: 'BYTES', shape: [1, 1], data: [null] }] }],
  ]
  for (const [route, body, type = 'application/json'] of bodies) {
    for (const [model, expected] of [
      ['nan', 42],
      ['empty', -1],
    ] as const) {
      const path = route === 'infer' ? `/v2/models/${model}/infer` : `/models/${model}/${route}`
      const { status, text } = await server.post(path, body, { 'content-type': type })
      assert.is(status, 200, text)
      assert.match(text, new RegExp(`[:[]${expected}[\\]}]`), `${model} ${route}`)
    }
  }
  const { properties } = (await server.get('/openapi.json')).json.components.schemas['nan-record']
  assert.is(properties.c.description, 'null or absent: missing, which the model is given as "nan"')
})

test.run()
