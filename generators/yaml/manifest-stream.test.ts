import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readStream } from './manifest-stream.ts'

const test = suite('streams of manifests')

const read = (text: string) => readStream({ file: 'all.yaml', text: () => text })
const values = (text: string) => read(text).documents.map(({ value }) => value)

test('documents are what stands between the markers; empty ones are left out', () => {
  assert.equal(values('a: 1\n---\nb: 2\n'), [{ a: 1 }, { b: 2 }])
  assert.equal(values('---\n# nothing\n--- # second\nb: 2\n...\n---\n'), [{ b: 2 }])
  assert.equal(values('a: |\n  ---\n  x\n-- : 1\n'), [{ a: '---\nx\n', '--': 1 }])
  assert.equal(values(''), [])
  assert.equal(values('\ufeffa: 1\r\nb:\r\n  - 2\r\n'), [{ a: 1, b: [2] }])
  assert.equal(values('{"a": 1}'), [{ a: 1 }])
})

test('lines are counted from the start of the stream, whichever parser read the document', () => {
  const text = ['a: 1', '---', '# a comment', 'b:', '  c: 2', '---', 'd: &x', '  e: 3', ''].join('\n')
  const [a, b, d] = read(text).documents
  assert.is(a?.lineOf(['a']), 1)
  assert.is(b?.lineOf([]), 4)
  assert.is(b?.lineOf(['b', 'c']), 5)
  assert.is(b?.lineOf(['b', 'missing', 'deeper']), 4)
  assert.is(d?.lineOf(['d', 'e']), 8)
})

test('an error costs its own document only, and is found at its line', () => {
  const { documents, findings } = read('a: 1\n---\nb: 1\nb: 2\n---\nc: 1\n')
  assert.equal(
    documents.map(({ value }) => value),
    [{ a: 1 }, { c: 1 }],
  )
  assert.equal(
    findings.map(({ rule, file, line }) => ({ rule, file, line })),
    [{ rule: 'yaml-syntax', file: 'all.yaml', line: 4 }],
  )
})

test('a template, and objects without a marker between them, are told what to do', () => {
  const [template] = read('{{- if .Values.a }}\na: {{ .c }}\n{{- end }}\n').findings
  assert.match(template?.fix ?? '', 'helm template')
  const [value] = read('name: {{ .Values.name }}\n').findings
  assert.match(value?.fix ?? '', 'helm template')
  const { findings } = read('apiVersion: v1\nkind: A\napiVersion: v1\nkind: B\n')
  assert.is(findings.length, 1)
  assert.is(findings[0]?.fix, 'Put a line --- between the objects.')
})

test('scalars are read as Kubernetes reads them, whichever parser read the document', () => {
  const expected = { flag: true, port: 8, time: '12:30', date: '2026-11-21', quoted: 'yes', on: 1 }
  const text = 'flag: yes\nport: 010\ntime: 12:30\ndate: 2026-11-21\nquoted: "yes"\n'
  assert.equal(values(`${text}"on": 1\n`), [expected])
  assert.equal(values(`${text}"on": &anchor 1\n`), [expected])
  assert.equal(values('on: 1\nbase: &b {x: 1}\nboth: {<<: *b, z: 2}\n'), [
    { true: 1, base: { x: 1 }, both: { x: 1, z: 2 } },
  ])
})

test('a document that only the full parser reads, and that is too large for it, could not be checked', () => {
  const { documents, findings } = read(`a: 1\n---\nb: &b "${'x'.repeat(5 * 2 ** 20)}"\n`)
  assert.is(documents.length, 1)
  assert.equal([findings[0]?.rule, findings[0]?.line], ['input-too-large', 3])
})

test('a document that is too large even for the fast reader could not be checked, and costs no other', () => {
  const { documents, findings } = read(`a: 1\n---\nb: ${'x'.repeat(9 * 2 ** 20)}\n---\nc: 1\n`)
  assert.equal(
    documents.map(({ value }) => value),
    [{ a: 1 }, { c: 1 }],
  )
  assert.equal([findings[0]?.rule, findings[0]?.line], ['input-too-large', 3])
})

test('a text is read again once for the lines of all its documents', () => {
  let reads = 0
  const text = () => {
    reads++
    return 'a: 1\n---\nb: 1\n---\nc: 1\n'
  }
  const { documents } = readStream({ file: 'all.yaml', text })
  assert.equal(
    documents.map((document) => document.lineOf([])),
    [1, 3, 5],
  )
  assert.is(reads, 2)
})

test('bombs are findings', () => {
  const level = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]`
  const bomb = ['a: &a [lol, lol]', level('b', 'a'), level('c', 'b'), level('d', 'c'), ''].join('\n')
  for (const text of [bomb, `a: &a x\nb: [${'*a, '.repeat(5000)}]\n`, 'a: &a\n  b: *a\n']) {
    const { documents, findings } = read(text)
    assert.equal(documents, [], text.slice(0, 40))
    assert.equal(
      findings.map(({ rule, line }) => [rule, line]),
      [['yaml-syntax', 2]],
      text.slice(0, 40),
    )
  }
})

test('bottomless documents could not be checked, and do not end the process', () => {
  const stairs = Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')
  const texts = [
    '['.repeat(100_000),
    `a: &a [${'['.repeat(5000)}`,
    '{a: '.repeat(50_000),
    '- '.repeat(50_000),
    '? '.repeat(50_000),
    stairs,
  ]
  for (const text of texts) {
    const { documents, findings } = read(text)
    assert.equal(documents, [], text.slice(0, 40))
    assert.equal(
      findings.map(({ rule, line }) => [rule, line]),
      [['input-too-large', 1]],
      text.slice(0, 40),
    )
  }
  assert.is(read(`a: &a ${'['.repeat(150)}${']'.repeat(150)}\n`).documents.length, 1)
})

test.run()
