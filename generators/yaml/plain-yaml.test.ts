import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { forAll } from '../testing/random.ts'
import { resolvePlainScalar } from './plain-scalar.ts'
import { NOT_PLAIN, type Positions, readPlainYaml } from './plain-yaml.ts'
import { formatYaml, parseYaml } from './yaml.ts'

const test = suite('the fast reader of YAML')

/** Holds everything that the fast reader takes, so that an edit of it strays into everything that it must not take. */
const TEXT = `# who and what
apiVersion: v1   # the core
kind: ConfigMap
metadata:
  name: "quoted # not a comment"
  labels: {app: web, "tier": 'it''s', list: [1, two, {three: 4}], none: {}}
  annotations:
    example.com/url: https://example.com:8080/a#b
    empty:
    escaped: "a\\tb\\u00e9\\\\"

data:
  script: |
    #!/bin/sh
      if true; then

    echo: yes
  stripped: |-
    last line
  kept: |+
    one

spec:
  items:
  - name: a
    ports: [80, 443]
  -
    name: b
  - - 1
    - -2.5e3
  - plain text
  numbers: [0x1F, 012, 0o7, 1_000, .5, 1., -0, +3, 1e3, 12:30, 2026-11-21]
  words: [yes, No, on, ~, null, y]
`
const JSON_TEXT = '{\n\t"kind": "List",\n\t"items": [\n\t\t{"a": 1.5e3, "b": [true, null, "x\\n"]},\n\t\t{}\n\t]\n}\n'

function full(text: string): unknown {
  const { document } = parseYaml('x.yaml', text, { dialect: 'kubernetes' })
  return document ? document.value : NOT_PLAIN
}

test('a manifest is read as the full parser reads it, without the full parser', () => {
  for (const text of [TEXT, JSON_TEXT, '', '# nothing\n', 'text\n', '- 1\n- a: b\n', 'a: |\n  x\nb: 1\n']) {
    const value = readPlainYaml(text)
    assert.is.not(value, NOT_PLAIN, text)
    assert.equal(value, full(text), text)
  }
})

test('what an edit makes of a manifest is read as the full parser reads it, or left to the full parser', () => {
  const pieces = [
    ...' \n:-#"\'|>&*!%@`{}[],?~=ax1.\t\\',
    ': ',
    ' #',
    '- ',
    '\n  ',
    '\n\n',
    '---\n',
    '...\n',
    '  ',
    'a: b',
    '""',
    '<<: ',
    '\r',
    '\u00e9',
    '\u65e5\u672c',
    '\u{1f600}',
  ]
  let taken = 0
  forAll(Number(process.env['MODELYARD_EDITED_TEXTS'] ?? 1500), (random) => {
    const source = random.pick([TEXT, TEXT, JSON_TEXT])
    let text = source
    for (let edits = 1 + random.below(3); edits > 0; edits--) {
      const at = random.below(text.length)
      text = text.slice(0, at) + (random.below(3) === 0 ? '' : random.pick(pieces)) + text.slice(at + random.below(3))
    }
    const value = readPlainYaml(text)
    if (value === NOT_PLAIN) return
    taken++
    const expected = full(text)
    assert.is.not(expected, NOT_PLAIN, `reads what the full parser refuses: ${JSON.stringify(text)}`)
    assert.equal(value, expected, JSON.stringify(text))
  })
  assert.ok(taken > 300, `${taken} edited texts were still plain`)
})

test('what we write is plain', () => {
  const value = { text: 'a: b', yes: 'yes', lines: 'one\ntwo\n', list: [{ a: [] }, {}, 1, null, true], 'a b': 'x # y' }
  assert.equal(readPlainYaml(formatYaml(value)), value)
})

test('anchors, tags, folded text, tabs, directives and errors are left to the full parser', () => {
  const texts = [
    'a: &b 1\n', 'a: *b\n', 'a: !!str 1\n', 'a: >\n  x\n', 'a: "x\n  y"\n', 'a: x\n  y\n', 'a:\tb\n', '? a\n: b\n', '<<: {}\n',
    'a: 1\na: 2\n', '{"a": 1, "a": 2}', 'a: b: c\n', 'a: [1\n', 'a: [b: c]\n', '%YAML 1.2\n', '--- a\n', 'a: |2\n   x\n', 'yes: 1\n',
    '1: x\n', '__proto__: {}\n', 'a: .inf\n', 'a: [.nan]\n', 'a: "\\x41"\n', 'a\n  b\n', 'a:\n  b: 1\n c: 2\n', '- a\nb: 1\n', 'a: @b\n', '\ufeffa: 1\n', 'a: 1\r\n',
  ] // biome-ignore format: one line a kind
  for (const text of texts) assert.is(readPlainYaml(text), NOT_PLAIN, text)
  assert.is(readPlainYaml('['.repeat(200) + ']'.repeat(200)), NOT_PLAIN)
  assert.is(readPlainYaml('- '.repeat(100_000)), NOT_PLAIN)
})

test('names that every object inherits are keys like others', () => {
  assert.equal(readPlainYaml('constructor: 1\ntoString: {valueOf: 2}\n'), { constructor: 1, toString: { valueOf: 2 } })
})

test('lines are those of the full parser', () => {
  for (const text of [TEXT, JSON_TEXT]) {
    const positions: Positions = new Map()
    const root = readPlainYaml(text, positions)
    const { document } = parseYaml('x.yaml', text)
    for (const path of pathsOf(document?.value)) {
      let at = root
      let line: number | undefined
      for (const key of path) {
        line = positions.get(at as object)?.get(key)
        at = (at as Record<string | number, unknown>)[key]
      }
      // A dash alone on its line: the item begins on the next.
      if (path.at(-1) !== 1 || path.at(-2) !== 'items') assert.is(line, document?.lineOf(path), path.join('.'))
    }
  }
})

function* pathsOf(value: unknown): Generator<(string | number)[]> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, child] of Object.entries(value)) {
    const key = Array.isArray(value) ? Number(name) : name
    yield [key]
    for (const path of pathsOf(child)) yield [key, ...path]
  }
}

test('scalars without quotes are what go-yaml makes of them for Kubernetes', () => {
  const read: Record<string, unknown> = {
    yes: true, On: true, y: true, NO: false, off: false, n: false, '~': null, Null: null, '': null,
    '012': 10, '0o17': 15, '-017': -15, '08': 8, '0x1F': 31, '-0b11': -3, '1_000': 1000, '+5': 5, '1.': 1, '.5': 0.5, '1e3': 1000, '-.inf': -Infinity,
    '12:30': '12:30', '2026-11-21': '2026-11-21', yEs: 'yEs', '1.2.3': '1.2.3', '0x': '0x', '-': '-', '1Gi': '1Gi', '5 6': '5 6', nulls: 'nulls', _1: '_1',
  } // biome-ignore format: three lines, by what they become
  for (const [text, value] of Object.entries(read)) assert.is(resolvePlainScalar(text), value, text)
  assert.ok(Number.isNaN(resolvePlainScalar('.NaN')))
})

test.run()
