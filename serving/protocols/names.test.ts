import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Column, ModelInterface } from '../contract/index.ts'
import { compareInterface } from '../session/index.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

/** Names that break what was not thought of. */
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '0',
  '-1',
  'length',
  ' ',
  ' padded ',
  'a,b',
  'a"b',
  "a'b",
  'a\nb',
  'a\rb',
  'a.b',
  'a[0]',
  '\ufeffx',
  'x\ufeff',
  'x\u0000y',
  '\ud800',
  '\u{1f989}',
  '\u202eb',
  'instances',
  'NaN',
  'x'.repeat(300),
]

function named(name: string): ModelInterface {
  const column: Column = { name, kind: 'number' }
  return {
    inputs: [{ name: 'features', datatype: 'float32', shape: ['batch', 4], columns: [column, ...rest] }],
    outputs: [
      { name: 'label', datatype: 'int64', shape: ['batch'] },
      { name: 'probabilities', datatype: 'float32', shape: ['batch', 3] },
    ],
  }
}

const rest: Column[] = ['b', 'c', 'd'].map((name) => ({ name, kind: 'number' }))

test('every name that registers can be asked for in every protocol, and no other does', async () => {
  const refused: string[] = []
  for (const name of NAMES) {
    const modelInterface = named(name)
    const { inputs, outputs } = modelInterface
    const facts = {
      inputs: inputs.map((input) => ({
        name: input.name,
        kind: 'tensor' as const,
        type: input.datatype,
        shape: [null, 4],
      })),
      outputs: outputs.map((output) => ({
        name: output.name,
        kind: 'tensor' as const,
        type: output.datatype,
        shape: null,
      })),
    }
    if (compareInterface(modelInterface, facts).length > 0) {
      refused.push(name)
      continue
    }
    const server = await testServer(
      bootConfiguration({ iris: await servedVersion('1.0.0', 'iris.onnx', modelInterface) }),
    )
    const record = JSON.stringify(Object.fromEntries([name, 'b', 'c', 'd'].map((key, at) => [key, at + 1])))
    const header = `"${name.replaceAll('"', '""')}",b,c,d`
    const bodies: [string, string, string?][] = [
      ['/predict', record],
      ['/batch-predict', `[${record}]`],
      ['/v1/models/iris:predict', `{"instances":[${record}]}`],
      ['/invocations', `{"dataframe_records":[${record}]}`],
      ['/invocations', JSON.stringify({ dataframe_split: { columns: [name, 'b', 'c', 'd'], data: [[1, 2, 3, 4]] } })],
      ['/invocations', JSON.stringify({ inputs: Object.fromEntries([name, 'b', 'c', 'd'].map((key) => [key, [1]])) })],
      ['/invocations', `${header}\n1,2,3,4\n`, 'text/csv'],
    ]
    for (const [path, body, type = 'application/json'] of bodies) {
      const { status, text } = await server.post(path, body, { 'content-type': type })
      assert.is(status, 200, `${JSON.stringify(name)} ${path} ${text}`)
    }
    const { json } = await server.get('/openapi.json')
    assert.ok(Object.hasOwn(json.components.schemas['iris-record'].properties, name), JSON.stringify(name))
    await cleanUp()
  }
  assert.equal(refused, ['__proto__', '\ufeffx', 'x\u0000y', '\ud800'])
})

test.run()
