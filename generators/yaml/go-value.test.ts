import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readStream } from './manifest-stream.ts'

const test = suite('YAML as Kubernetes reads it')

const read = (text: string) => {
  const { documents, findings } = readStream({ file: 'all.yaml', text: () => text })
  return {
    values: documents.map(({ value }) => value),
    faults: findings.map(({ line, message }) => `${line} ${message}`),
  }
}

/** What k8s.io/apimachinery 0.36.3 (NewYAMLOrJSONDecoder) answers to each text. */
const READ: [string, ...unknown[]][] = [
  ['x: &x {a: 1, b: 1}\nz: {a: 2, <<: *x}\n', { x: { a: 1, b: 1 }, z: { a: 1, b: 1 } }],
  ['x: &x {a: 1, b: 1}\nz: {<<: *x, a: 2}\n', { x: { a: 1, b: 1 }, z: { a: 2, b: 1 } }],
  ['x: &x {a: 1}\nw: &w {a: 3, c: 3}\nz: {<<: *x, d: 1, <<: *w}\n', { x: { a: 1 }, w: { a: 3, c: 3 }, z: { a: 3, c: 3, d: 1 } }],
  ['x: &x {a: 1}\nw: &w {a: 3, c: 3}\nz: {<<: [*x, *w]}\n', { x: { a: 1 }, w: { a: 3, c: 3 }, z: { a: 1, c: 3 } }],
  ['z: {"<<": {a: 1}}\n', { z: { '<<': { a: 1 } } }],
  ['z: {<<: {a: 1}, b: 1}\n', { z: { a: 1, b: 1 } }],
  ['8: a\n', { 8: 'a' }],
  ['y: a\n', { true: 'a' }],
  ['0x10: a\n', { 16: 'a' }],
  ['1.5: a\n1e6: b\n100000.0: c\n.inf: d\n', { '1.5': 'a', '1e+06': 'b', 100000: 'c', '.inf': 'd' }],
  ['9007199254740993: a\n', { '9007199254740993': 'a' }],
  ['a: !!binary aGk=\n', { a: 'hi' }],
  ['{"a":1}{"b":2}', { a: 1 }, { b: 2 }],
  ['{"a":"}"}\n{"b":\n2} {"c": "\\"{"}\n', { a: '}' }, { b: 2 }, { c: '"{' }],
  ['{"a":1}\n---\nb: 2\n', { a: 1 }, { b: 2 }],
  ['a: 1\rb:\r- 2\r', { a: 1, b: [2] }],
  ['a: 1\n...\n---\nb: 2\n', { a: 1 }, { b: 2 }],
  ['__proto__: {a: 1}\nx: &x {__proto__: 1}\n', JSON.parse('{"__proto__": {"a": 1}, "x": {"__proto__": 1}}')],
] // biome-ignore format: a line each

test('maps, merges, keys and streams are read as the API server gets them', () => {
  for (const [text, ...values] of READ) assert.equal(read(text), { values, faults: [] }, JSON.stringify(text))
})

test('what Kubernetes refuses, or reads only in part, is an error at its line', () => {
  const separator = 'invalid document separator: --- must stand alone on its line'
  const cases: [string, string][] = [
    ['---apiVersion: v1\nkind: A\n', `1 ${separator}`],
    ['a: 1\n---b: 1\n', `2 ${separator}`],
    ['a: 1\n--- {b: 1}\n', `2 ${separator}`],
    ['a: 1\n----: 1\n', `2 ${separator}`],
    ['%YAML 1.2\n---\na: 1\n', '1 a directive (%) is not allowed: Kubernetes splits the stream at --- first'],
    ['a: 1\n...\nb: 2\n', '3 what follows ... up to the next --- is ignored by Kubernetes'],
    ['{"a":1}{"b":2}\n---\n{"c":3}\n', '3 a stream that begins with several JSON objects must go on with JSON'],
    ['a: 1\r---\rb: 2\r', '1 Kubernetes reads only the first document: the lines end in a carriage return alone'],
    ['8: a\n"8": b\n', '2 not valid YAML: Map keys must be unique'],
    ['y: a\ntrue: b\n', '2 not valid YAML: Map keys must be unique'],
    ['yes: a\n"true": b\n', '2 not valid YAML: Map keys must be unique'],
    ['z:\n  <<: 3\n', '2 cannot be read: << merges something other than a map or a list of maps'],
    ['z: {<<: [{a: 1}, 3]}\n', '1 cannot be read: << merges something other than a map or a list of maps'],
    ['a: 1\n~: b\n', '2 cannot be read: a key that is null, a map or a list'],
    ['a:\n- .nan\n', '2 cannot be read: .nan has no form in JSON'],
    ['a: .inf\n', '1 cannot be read: .inf has no form in JSON'],
  ]
  for (const [text, fault] of cases) assert.equal(read(text).faults, [fault], JSON.stringify(text))
})

test('lines of objects of JSON that follow each other are those of the stream', () => {
  const { documents } = readStream({ file: 'a', text: () => '{"a":1}\n{"b":\n  {"c": 2}} {"d":\n{"e": 1}}' })
  assert.equal(
    documents.map(
      ({ lineOf }, index) => [['a'], ['b', 'c'], ['d', 'e']].map((path) => lineOf.call(documents[index], path))[index],
    ),
    [1, 3, 4],
  )
})

test.run()
