import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { traceContextOf, traceHeaders } from './index.ts'

const ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const WHOLE = `00-${ID}-${PARENT}-01`

/** True when the caller's trace goes on; else a new one begins. */
const goesOn = (traceparent: string) => traceContextOf({ traceparent }).traceId === ID

test("the caller's trace goes on unchanged", () => {
  const headers = { traceparent: WHOLE, tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7' }
  assert.equal(traceContextOf(headers), { traceId: ID, spanId: PARENT, flags: '01', state: headers.tracestate })
  assert.equal(traceHeaders(headers), headers)
})

test('without a trace a new one begins, the same one for the same call, that nobody records', () => {
  const headers = {}
  const { traceparent } = traceHeaders(headers)
  assert.match(String(traceparent), /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00$/)
  assert.is(traceHeaders(headers)['traceparent'], traceparent)
  assert.is.not(traceHeaders({})['traceparent'], traceparent)
})

test('a traceparent that breaks the specification begins a new trace, and its tracestate is not passed on', () => {
  const wrong = [
    ...['', 'nonsense', `00-${ID}-${PARENT}`, `00-${ID}-${PARENT}-1`, `00-${ID}-${PARENT}-01-`, `${WHOLE}-more`],
    ...[`00-${'0'.repeat(32)}-${PARENT}-01`, `00-${ID}-${'0'.repeat(16)}-01`, `ff-${ID}-${PARENT}-01`, `0-${WHOLE}`],
    ...[WHOLE.toUpperCase(), `00-${ID.slice(1)}-${PARENT}-01`, `${WHOLE}, ${WHOLE}`, `00-${ID}-${PARENT}-0x`],
    ...[`00_${ID}_${PARENT}_01`, `00-${ID}-${PARENT}-01.`, `cc-${ID}-${PARENT}-01.what`],
  ]
  for (const traceparent of wrong) {
    assert.not.ok(goesOn(traceparent), traceparent)
    assert.is(traceHeaders({ traceparent, tracestate: 'a=1' })['tracestate'], undefined, traceparent)
  }
})

test('a later version is read as far as it is known, and passed on as this one', () => {
  for (const traceparent of [`01-${ID}-${PARENT}-01`, `cc-${ID}-${PARENT}-01-what-the-future-will-be`]) {
    assert.is(traceHeaders({ traceparent })['traceparent'], WHOLE)
  }
})

test('flags without a meaning are cleared', () => {
  assert.is(traceContextOf({ traceparent: `00-${ID}-${PARENT}-ff` }).flags, '03')
  assert.is(traceContextOf({ traceparent: `00-${ID}-${PARENT}-00` }).flags, '00')
})

test('a tracestate is passed on as a whole or not at all', () => {
  const passed = (tracestate: string) => traceHeaders({ traceparent: WHOLE, tracestate })['tracestate']
  assert.is(passed('foo=1 , bar=2,,'), 'foo=1,bar=2')
  assert.is(passed('t@vendor=a b c'), 't@vendor=a b c')
  const members = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=1`).join(',')
  assert.is(passed(members(32)), members(32))
  for (const wrong of [
    'foo',
    'foo=',
    '=1',
    'FOO=1',
    'foo=1,foo=2',
    'foo=a=b',
    `${'k'.repeat(257)}=1`,
    members(33),
    '',
  ]) {
    assert.is(passed(wrong), undefined, wrong)
  }
})

test.run()
