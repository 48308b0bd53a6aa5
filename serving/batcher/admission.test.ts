import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Admission } from './admission.ts'

const calls = (count: number, rows: number) => new Array<number>(count).fill(rows)
const full = { requests: 1024, rows: 1024, callsAhead: calls(1024, 1), rowsPerCall: 1, emptyInMs: 60_000 }

test('Admission asks for a retry by the recent pace, not by one call that took longer', () => {
  const admission = new Admission({ maxQueue: 1024 })
  for (const milliseconds of [1960, 3, 3]) admission.called(1, milliseconds)
  assert.is(admission.refuse(1, 10_000, full)?.retryAfterSeconds, 4)
  for (let call = 0; call < 16; call++) admission.called(1, 6)
  assert.is(admission.refuse(1, 10_000, full)?.retryAfterSeconds, 7)
})

test('Admission never asks for a retry after more than half a minute, nor before a second', () => {
  const admission = new Admission({ maxQueue: 1024 })
  admission.called(1, 0.1)
  assert.is(admission.refuse(1, 10_000, full)?.retryAfterSeconds, 1)
  admission.called(1, 2000)
  admission.called(1, 2000)
  assert.is(admission.refuse(1, 10_000, full)?.retryAfterSeconds, 30)
})

test('Admission lets a small request in beside a large one, which takes turns with it', () => {
  const admission = new Admission({ maxQueue: 1024, maxQueueRows: 100_000, maxWaitMs: 1000 })
  admission.called(32, 10)
  const beside = { requests: 1, rows: 700_000, callsAhead: [32], rowsPerCall: 32, emptyInMs: 10_000 }
  assert.is(admission.refuse(1, 10_000, beside), undefined)
  assert.is(admission.refuse(33, 10_000, beside)?.reason, 'queue_full')
})

test('Admission asks nobody to wait longer than those take that wait: they time out', () => {
  const admission = new Admission({ maxQueue: 1024 })
  admission.called(1, 100)
  assert.is(admission.refuse(1, 10_000, { ...full, emptyInMs: 9_200 })?.retryAfterSeconds, 10)
})

test('Admission judges full calls by full calls, however many small ones came since', () => {
  const admission = new Admission({ maxQueue: 1024, maxWaitMs: 1000 })
  for (let call = 0; call < 4; call++) admission.called(32, 400)
  for (let call = 0; call < 100; call++) admission.called(1, 20)
  const waiting = (callsAhead: number[]) => ({
    requests: 200,
    rows: 200,
    callsAhead,
    rowsPerCall: 32,
    emptyInMs: 60_000,
  })
  assert.is(admission.refuse(1, 10_000, waiting(calls(3, 32)))?.retryAfterSeconds, 2)
  assert.is(admission.refuse(1, 10_000, waiting([32, 32, ...calls(9, 1)])), undefined)
})

test.run()
