import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseYaml } from '../yaml/yaml.ts'
import { schemaCheck } from './schema.ts'

const check = schemaCheck('pin-invalid', {
  type: 'object',
  required: ['stable'],
  additionalProperties: false,
  properties: {
    stable: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+$', description: 'a version of three parts such as 1.5.0' },
    code: { type: 'string', pattern: '^x' },
    candidate: {
      type: 'object',
      additionalProperties: false,
      properties: {
        mode: { enum: ['canary', 'ab', 'shadow'] },
        weight: { type: 'number', minimum: 0, maximum: 100 },
        tags: { type: 'array', items: { type: 'string' } },
        'a/b~c': { type: 'string' },
      },
    },
  },
})

function findings(text: string) {
  const { document } = parseYaml('pins/a.yaml', text)
  if (!document) throw new Error('expected a document')
  return check(document.value, document)
}

test('a document of the right form has no findings', () => {
  assert.equal(findings('stable: 1.5.0\ncandidate: {mode: ab, weight: 10}\n'), [])
})

test('an unknown field is found on its line, with the name that was meant', () => {
  assert.equal(findings('stable: 1.5.0\ncandidate:\n  mode: ab\n  wieght: 10\n'), [
    {
      rule: 'pin-invalid',
      severity: 'error',
      message: 'candidate.wieght: unknown field; did you mean "weight"?',
      file: 'pins/a.yaml',
      line: 4,
      path: 'candidate.wieght',
      fix: 'Rename it to weight.',
    },
  ])
})

test('an unknown field that resembles none lists those that are known', () => {
  const [finding] = findings('stable: 1.5.0\nsomething: 1\n')
  assert.is(finding?.message, 'something: unknown field')
  assert.is(finding?.fix, 'Remove it. Known here: stable, code, candidate.')
  assert.is(finding?.line, 2)
})

test('a missing field is named, at its parent', () => {
  const [finding] = findings('# nothing\ncandidate: {mode: ab}\n')
  assert.is(finding?.message, 'stable: is required')
  assert.is(finding?.fix, 'Add stable.')
  assert.is(finding?.line, 2)
})

test('a pattern is said in the words of its description, or as it is', () => {
  const [stable, code] = findings("stable: '1.10'\ncode: y\n")
  assert.is(stable?.message, 'stable: "1.10" is not a version of three parts such as 1.5.0')
  assert.is(stable?.fix, 'Write a version of three parts such as 1.5.0.')
  assert.is(code?.message, 'code: "y" is not of the form ^x')
  assert.is(code?.fix, 'Write a text that matches ^x.')
})

test('a closed set is listed', () => {
  const [finding] = findings('stable: 1.5.0\ncandidate: {mode: blue}\n')
  assert.is(finding?.message, 'candidate.mode: "blue" is not one of canary, ab, shadow')
  assert.is(finding?.fix, 'Use one of canary, ab, shadow.')
})

test('types and ranges show the value that is there', () => {
  const messages = findings('stable: 1.5\ncandidate: {weight: 200, tags: [a, 1]}\n').map(({ message }) => message)
  assert.equal(messages, [
    'stable: 1.5 must be string',
    'candidate.weight: 200 must be <= 100',
    'candidate.tags[1]: 1 must be string',
  ])
})

test('a value too long to show is named by its type', () => {
  assert.is(findings(`stable: [${'long, '.repeat(30)}]\n`)[0]?.message, 'stable: object must be string')
})

test('a document that is no object at all is found on line 1', () => {
  const [finding] = findings('')
  assert.is(finding?.message, 'null must be object')
  assert.is(finding?.line, 1)
  assert.is(finding?.path, undefined)
})

test('a key with slashes and tildes is named as it is written', () => {
  const [finding] = findings('stable: 1.5.0\ncandidate:\n  a/b~c: 1\n')
  assert.is(finding?.path, 'candidate["a/b~c"]')
  assert.is(finding?.line, 3)
})

test('all violations come at once, each once', () => {
  const all = findings('code: y\nunknown: 1\ncandidate: {mode: x, weight: -1}\n')
  assert.equal(
    all.map(({ path }) => path),
    ['stable', 'unknown', 'code', 'candidate.mode', 'candidate.weight'],
  )
})

test.run()
