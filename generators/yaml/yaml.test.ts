import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import type { Finding } from '../findings/index.ts'
import { forAll, type Random } from '../testing/random.ts'
import { formatYaml, parseYaml } from './yaml.ts'

const TEXT = `# a pin
stable: 1.4.2
candidate:
  release: 1.5.0-d20a77e1

  mode: canary
headers:
  - x-user
  - name: x-session
    kind: cookie
"quoted key": [1, 2,
  3]
`

function read(text: string) {
  const { document } = parseYaml('pins/a.yaml', text)
  if (!document) throw new Error('expected a document')
  return document
}

function findingOf(text: string): Finding {
  const { document, findings } = parseYaml('pins/a.yaml', text)
  const [finding, ...others] = findings
  if (document || !finding || others.length > 0) throw new Error('expected one finding and no document')
  assert.is(finding.rule, 'yaml-syntax')
  assert.is(finding.severity, 'error')
  assert.is(finding.file, 'pins/a.yaml')
  return finding
}

test('keys, items and values are found on their lines', () => {
  const { lineOf } = read(TEXT)
  assert.is(lineOf([]), 2)
  assert.is(lineOf(['stable']), 2)
  assert.is(lineOf(['candidate']), 3)
  assert.is(lineOf(['candidate', 'mode']), 6)
  assert.is(lineOf(['headers', 0]), 8)
  assert.is(lineOf(['headers', 1]), 9)
  assert.is(lineOf(['headers', 1, 'kind']), 10)
  assert.is(lineOf(['quoted key']), 11)
  assert.is(lineOf(['quoted key', 2]), 12)
})

test('what is not there is found at its nearest parent', () => {
  const { lineOf } = read(TEXT)
  assert.is(lineOf(['candidate', 'weight']), 3)
  assert.is(lineOf(['headers', 1, 'path', 'deep']), 9)
  assert.is(lineOf(['headers', 7]), 7)
  assert.is(lineOf(['stable', 'major']), 2)
  assert.is(lineOf(['unknown']), 2)
})

test('lines are the same with Windows line ends, and an empty file has line 1', () => {
  assert.is(read(TEXT.replaceAll('\n', '\r\n')).lineOf(['headers', 1, 'kind']), 10)
  assert.is(read('').lineOf(['stable']), 1)
  assert.is(read('').value, null)
})

test('a scalar is named by its offsets, and what does not stand on one line has none', () => {
  const text = 'plain: &anchor 1.0.0 # why\nquoted: "a b"\nempty:\nblock: |\n  1.0.0\nmap: {a: 1}\n'
  const { rangeOf } = read(text)
  const at = (path: (string | number)[]) => {
    const range = rangeOf(path)
    return range && text.slice(range.start, range.end)
  }
  assert.is(at(['plain']), '1.0.0')
  assert.is(at(['quoted']), '"a b"')
  assert.is(at(['map', 'a']), '1')
  for (const path of [['empty'], ['block'], ['map'], ['nothing'], []]) assert.is(at(path), undefined, path.join())
})

test('a syntax error is found on its line', () => {
  const finding = findingOf('stable: 1.0.0\ncandidate: {mode: canary\nweight: 1\n')
  assert.match(finding.message, /^not valid YAML: /)
  assert.is(finding.line, 3)
  const { findings } = parseYaml('pins/a.yaml', 'a: [1\nb: "x\n')
  assert.ok(findings.length > 1, 'all errors come at once')
})

test('a key twice is an error at the second', () => {
  const finding = findingOf('stable: 1.0.0\nstable: 1.1.0\n')
  assert.is(finding.line, 2)
  assert.match(finding.message, /unique/)
})

test('a second document is an error', () => {
  assert.is(findingOf('stable: 1.0.0\n---\nstable: 1.1.0\n').line, 2)
})

test('an alias without an anchor is found on its line', () => {
  const finding = findingOf('stable: &s 1.0.0\nagain: *s\nother: *t\n')
  assert.is(finding.line, 3)
  assert.is(finding.message, 'cannot be read: *t names no anchor before it')
})

test('a value that holds itself is refused', () => {
  const finding = findingOf('lineage:\n  run: &run\n    parent: *run\n')
  assert.is(finding.line, 3)
  assert.is(finding.message, 'cannot be read: *run stands inside the value that it names')
})

test('an alias bomb is refused where the aliases begin', () => {
  const level = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]`
  const bomb = ['a: &a [lol, lol]', level('b', 'a'), level('c', 'b'), level('d', 'c'), ''].join('\n')
  const finding = findingOf(bomb)
  assert.is(finding.line, 2)
  assert.match(finding.message, /^cannot be read: Excessive alias count/)
})

test('aliases in moderation are read', () => {
  assert.equal(read('a: &a [1, 2]\nb: *a\n').value, { a: [1, 2], b: [1, 2] })
})

/** Texts that mean something else to one reader or the other when they are not quoted. */
const TRAPS =
  'yes no on off y n Y N Yes NO On oFF true False TRUE null Null ~ 12:30 12:30:45 190:20:30 1_000 0o7 017 08 0x1F 0b1 1e3 1.0e+3 +1 -0 1. .5 .inf -.INF .nan 1.10 1.5.0 2001-01-01 2001-12-14t21:59:43.10-05:00 << = - ? : ! & * | > % @ ` --- ... [] {} a:b a: #x a#b'.split(
    ' ',
  )
const UNUSUAL = [
  '',
  ' ',
  'a: b',
  'a #b',
  ' x',
  'x ',
  '\t',
  'a\tb',
  'a\nb',
  'a\n',
  '\n',
  '\n a\n',
  'a\r\nb',
  'a\rb',
  'x\n# y',
]
const INVISIBLE = ['\u0000', '\u0007', '\u007f', '\u0085', 'a\u0085b', '\u00a0', 'a\u2028b\nc', '\u2029', '\ufeffx']

test('every trap is text to readers of YAML 1.1 and 1.2, as a value and as a key', () => {
  for (const text of [...TRAPS, ...UNUSUAL, ...INVISIBLE]) {
    const value = { [text]: text, list: [text] }
    for (const version of ['1.1', '1.2'] as const) {
      assert.equal(parse(formatYaml(value), { version }), value, `${JSON.stringify(text)} with ${version}`)
    }
  }
})

test('characters that a strict reader refuses, or takes for line breaks, are escaped', () => {
  // PyYAML and the Go readers of Kubernetes and Argo CD do not accept these bare.
  for (const text of INVISIBLE.filter((item) => item !== '\u00a0')) {
    assert.not.match(formatYaml({ text: `${text} in \n several\nlines` }), /[^\P{Cc}\n]|[\u2028\u2029\ufeff]/u)
  }
  assert.is(formatYaml({ a: 'one\u2028two' }), 'a: "one\\u2028two"\n')
})

test('any value is read back as it was by YAML 1.1 and 1.2', () => {
  forAll(300, (random) => {
    const value = { value: anyValue(random, 4) }
    const text = formatYaml(value)
    for (const version of ['1.1', '1.2'] as const) assert.equal(parse(text, { version }), value, `${version}: ${text}`)
  })
})

const ALPHABET = [...'abcxyz0123456789 .:-_#\'"\\{}[],&*!|>%@`~?=\n\té😀', '\u0085', '\u2028', '\u0001']

function anyText(random: Random): string {
  return random.below(3) === 0
    ? random.pick([...TRAPS, ...UNUSUAL])
    : random.list(12, () => random.pick(ALPHABET)).join('')
}

function anyValue(random: Random, depth: number): unknown {
  const kind = random.below(depth === 0 ? 5 : 7)
  if (kind === 0) return random.pick([0, 1, -1, 0.5, 1234567.25, -3.5e-4, 2 ** 40])
  if (kind === 1) return random.pick([true, false, null])
  if (kind === 5) return random.list(4, () => anyValue(random, depth - 1))
  if (kind === 6) return Object.fromEntries(random.list(4, () => [anyText(random), anyValue(random, depth - 1)]))
  return anyText(random)
}

test('keys keep their order and long lines are not folded', () => {
  const text = 'word '.repeat(60).trim()
  assert.is(formatYaml({ b: 1, a: [text], 10: 'x' }), `"10": x\nb: 1\na:\n  - ${text}\n`)
})

test('equal objects are written out, never as aliases', () => {
  const same = { a: 1 }
  assert.is(formatYaml({ k: same, l: same }), 'k:\n  a: 1\nl:\n  a: 1\n')
})

test.run()
