import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Finding } from '../findings/index.ts'
import { countFindings, formatFindings } from './reporters.ts'

const test = suite('reporting findings')

const finding: Finding = {
  rule: 'dist-stale',
  severity: 'error',
  message: 'is stale',
  file: 'dist/a.yaml',
  line: 3,
  column: 7,
  fix: 'Run modelyard synth.',
}

test('a finding is its place, severity, message and rule, with the repair below', () => {
  assert.is(
    formatFindings([finding], { colour: false }),
    'dist/a.yaml:3:7 error is stale [dist-stale]\n    Run modelyard synth.\n',
  )
})

test('control characters of what was checked are shown, not sent to the terminal', () => {
  const text = formatFindings([{ ...finding, file: 'a\u001b[2J.yaml', message: 'data["\u009b"] is wrong' }], {
    colour: false,
  })
  assert.match(text, 'a\\u001b[2J.yaml:3:7 error data["\\u009b"] is wrong')
})

test('what is not known of the place is left out', () => {
  const { line: _, column: __, fix: ___, ...rest } = finding
  assert.is(formatFindings([rest], { colour: false }), 'dist/a.yaml error is stale [dist-stale]\n')
  const { file: ____, ...placeless } = rest
  assert.is(formatFindings([placeless], { colour: false }), 'error is stale [dist-stale]\n')
})

test('colour adds escape codes around the same words', () => {
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')
  const painted = formatFindings([finding], { colour: true })
  assert.match(painted, escapes)
  assert.is(painted.replaceAll(escapes, ''), formatFindings([finding], { colour: false }))
})

test('findings are counted in words, one and many', () => {
  const warning: Finding = { ...finding, severity: 'warning' }
  const info: Finding = { ...finding, severity: 'info' }
  assert.is(countFindings([]), 'no findings')
  assert.is(countFindings([finding]), '1 error')
  assert.is(countFindings([warning, finding, info, info, warning]), '1 error, 2 warnings, 2 info')
})

test.run()
