import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forAll } from '../testing/random.ts'
import { forLog, forTerminal, visibleJson, visibleLine, visibleText } from './visible.ts'

test('what is not seen is shown', () => {
  for (const [text, shown] of [
    ['plain ä 日本 😀', 'plain ä 日本 😀'],
    ['\u001b[2J\u001b]0;title\u0007', '\\u001b[2J\\u001b]0;title\\u0007'],
    ['\u009b31m', '\\u009b31m'],
    ['user\u202egnp.exe', 'user\\u202egnp.exe'],
    ['a\u2066b\u2069c\u200fd\u061ce', 'a\\u2066b\\u2069c\\u200fd\\u061ce'],
    ['zero\u200bwidth\ufeff\u2060', 'zero\\u200bwidth\\ufeff\\u2060'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['a\nb\rc\td\u2028e\u0000', 'a\\u000ab\\u000dc\\u0009d\\u2028e\\u0000'],
    ['half \ud800', 'half \\ud800'],
  ] as const) {
    assert.is(visibleLine(text), shown)
  }
  assert.is(visibleText('a\n\tb\r\u202e'), 'a\n\tb\\u000d\\u202e')
})

test('JSON says the same with everything in it seen', () => {
  const value = { text: 'a\u202e\u009b\u{e0041}\u200b\n', other: 'ä' }
  const json = visibleJson(JSON.stringify(value, null, 2))
  assert.equal(JSON.parse(json), value)
  assert.is(visibleLine(json.replaceAll('\n', '')), json.replaceAll('\n', ''))
})

test('only the styles of this program reach a terminal', () => {
  assert.is(
    forTerminal('\u001b[1mbold\u001b[22m \u001b[8mhidden\u001b[2K', { styles: true }),
    '\u001b[1mbold\u001b[22m \\u001b[8mhidden\\u001b[2K',
  )
  assert.is(forTerminal('\u001b[1mbold', { styles: false }), '\\u001b[1mbold')
})

test('no line of a log is a command', () => {
  assert.is(
    forLog('::error::x\n \t::add-mask::y\nb ::c\n##[error]z ##vso[task]'),
    '\\u003a:error::x\n \t\\u003a:add-mask::y\nb ::c\n#\\u0023[error]z #\\u0023vso[task]',
  )
})

const PARTS = '\n|::| |\t|##[|##|[|a|\r|\u001b|\u001b[31m|\u0085|\u202e|\u00a0|\u2003|\v|\f'.split('|')

test('whatever a text holds, a terminal and a log obey none of it', () => {
  forAll(2000, ({ list, pick }) => {
    const text = list(12, () => pick(PARTS)).join('')
    const logged = forLog(forTerminal(text, { styles: false }))
    for (const line of logged.split('\n')) {
      assert.not(line.trim().startsWith('::'), JSON.stringify(text))
      assert.not(line.includes('##['), JSON.stringify(text))
      const seen = line.replaceAll('\t', '')
      assert.is(visibleLine(seen), seen)
    }
  })
})

test.run()
