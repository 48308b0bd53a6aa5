import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Finding } from '../../findings/index.ts'
import { thingDefinition } from '../testing/thing-definition.ts'
import { schemaPattern, trustedPattern, whyUnchecked } from './go-reg-exp.ts'
import { checkSchema, openSchemas } from './index.ts'

const test = suite("Go's patterns")

/** Judges values of `spec.text`, whose schema is given. */
function judging(schema: object, run: (findings: (text: string) => Finding[]) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-patterns-'))
  try {
    const spec = { type: 'object', properties: { text: { type: 'string', ...schema } } }
    writeFileSync(join(folder, 'crd.yaml'), thingDefinition(JSON.stringify(spec)))
    const schemas = openSchemas({ schema: [folder] })
    run((text) => checkSchema([thing(text)], { schemas }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const thing = (text: string) => ({
  file: 'thing.yaml',
  value: { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' }, spec: { text } },
  lineOf: () => 1,
})

/** What of Go: a pattern, texts that match, texts that do not. */
const CONSTRUCTS: [what: string, pattern: string, matching: string[], others: string[]][] = [
  ['a group with a name', '^(?P<x>a)bc$', ['abc'], ['ab']],
  ['a group with a name as others write it', '^(?<x>a)(?P<y>b)$', ['ab'], ['a']],
  ['the ends of the text', '\\Aab\\z', ['ab'], ['ab\n', 'xab']],
  ['a category of one letter', '^\\pL\\pN$', ['é1'], ['1é']],
  ['all but a category', '^\\PL\\P{Lu}\\p{^N}$', ['1ab'], ['aab', '1Ab', '1a1']],
  ['a script', '^\\p{Greek}+$', ['λόγος'], ['logos']],
  ['a script in a class', '^[\\p{Greek}_]+$', ['λ_'], ['l_']],
  ['a quotation', '^\\Qa.b*\\E$', ['a.b*'], ['axb*']],
  ['a quotation up to the end', '^\\Qa+b', ['a+b'], ['aab']],
  ['a quotation whose last character is repeated', '^\\Qa.\\E+$', ['a..'], ['a.a.']],
  ['classes of POSIX', '^[[:alpha:][:digit:]_]+$', ['aZ_9'], ['a-b', 'é']],
  ['all but a class of POSIX', '^[[:^space:]]+$', ['a\u00a0b'], ['a b']],
  ['spaces, which are those of ASCII', '^\\s\\S$', ['\ta'], ['\u00a0a', '\vb']],
  ['no space in a class', '^[\\Sx]$', ['\u00a0'], [' ']],
  ['a bracket that is the first of its class', '^[]a]+$', [']a'], ['b']],
  ['a hyphen after a class', '^[\\w-.]+$', ['a-b.c'], ['a b']],
  ['the case of all letters ignored', '^(?i)(abort|warn)?$', ['WARN', ''], ['WARNING']],
  ['the case of a group ignored', '^((?i)may|june)x$', ['MAYx', 'Junex'], ['MAYX']],
  ['the case of a part ignored', '^a(?i:[b-d]k)$', ['aBK', 'ad\u212a'], ['ABK']],
  ['the case heeded again', '^(?i)a(?-i)b$', ['Ab'], ['AB']],
  ['the case of all but a class ignored', '^(?i)[^k]\\W$', ['a-'], ['K-', 'a\u212a']],
  ['a point and a newline', '^(?s:a.b).$', ['a\nb\r'], ['a\nb\n']],
  ['lines', '(?m)^b$', ['a\nb\nc'], ['a\nbc']],
  ['fewest first', '^(?U)a+$', ['aaa'], ['ab']],
  ['braces that repeat nothing', '^a{,2}{b}$', ['a{,2}{b}'], ['aa']],
  ['characters by their number', '^\\x41\\x{1F600}\\101\\a$', ['A\u{1f600}A\x07'], ['A']],
  ['an escape of what needs none', '^[\\w\\-]+\\-\\_\\"$', ['a--_"'], ['a']],
  ['an end that is repeated', '^*a$+', ['a'], ['b']],
]

for (const [what, pattern, matching, others] of CONSTRUCTS) {
  test(`${what}: ${pattern}`, () => {
    judging({ pattern }, (findings) => {
      for (const text of matching) assert.equal(findings(text), [], text)
      for (const text of others) {
        const [finding, ...more] = findings(text)
        assert.equal([finding?.rule, finding?.path, more], ['schema-invalid', 'spec.text', []], text)
        assert.ok(finding?.message.endsWith(`does not match ${pattern}`), finding?.message)
      }
    })
  })
}

test('a pattern that nobody can read could not be checked, once for each field, which is no error and not valid either', () => {
  const reasons: [pattern: string, reason: string][] = [
    ['^(?P<x', 'invalid named capture: `(?P<x`'],
    ['^a)', 'unexpected ): `^a)`'],
    ['^(?i)(a', 'missing closing ): `^(?i)(a`'],
    ['[a', 'missing closing ]: `[a`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['a++', 'invalid nested repetition operator: `++`'],
    ['(?i)a{2000}', 'invalid repeat count: `{2000}`'],
    ['\\C', 'invalid escape sequence: `\\C`'],
    ['[[:word:][:letter:]-\\d]', 'invalid character class range: `[:letter:]`'],
    ['\\p{Klingon}', 'invalid character class range: `\\p{Klingon}`'],
  ]
  for (const [pattern, reason] of reasons) {
    judging({ pattern, maxLength: 3 }, (findings) => {
      assert.equal(
        findings('abc').map(({ rule, severity, message, line }) => [rule, severity, message, line]),
        [['resource-rule-unchecked', 'warning', `spec.text: could not check the pattern ${pattern}: ${reason}`, 1]],
      )
      assert.equal(
        findings('abcd').map(({ rule }) => rule),
        ['schema-invalid', 'resource-rule-unchecked'],
      )
    })
  }
})

test('with such a pattern in a branch nobody knows whether the value is of any', () => {
  for (const keyword of ['anyOf', 'oneOf']) {
    judging({ [keyword]: [{ pattern: '^(?P<x' }, { pattern: '^b' }] }, (findings) => {
      assert.equal(
        findings('a').map(({ rule }) => rule),
        ['resource-rule-unchecked'],
      )
    })
  }
})

test("what is JavaScript's and not Go's, as in a JSON Schema, is read as it stands", () => {
  assert.ok(schemaPattern('^(?=a)\\w$').test('a'))
  assert.not(schemaPattern('^(?=a)\\w$').test('b'))
})

test('no pattern takes for ever, whoever wrote it', () => {
  const text = `${'a'.repeat(100_000)}!`
  for (const pattern of ['(a+)+$', '^(a|a)*$', '([a-z]+)*\\d', '(.*)*x', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
    judging({ pattern }, (findings) => {
      assert.equal(
        findings(text).map(({ rule }) => rule),
        ['schema-invalid'],
        pattern,
      )
    })
    assert.not(trustedPattern(pattern).test(text))
  }
  const javaScript = '(?=a)(a+)+$'
  judging({ pattern: javaScript }, (findings) => {
    assert.equal(findings('aaa'), [])
    assert.equal(
      findings(text).map(({ rule }) => rule),
      ['resource-rule-unchecked'],
    )
    assert.match(whyUnchecked(javaScript) ?? '', 'longer than 1000 ms')
  })
})

test.run()
