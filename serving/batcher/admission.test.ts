import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Admission } from './admission.ts'

const full = { requests: 1024, rows: 1024, rowsAhead: 1024, rowsPerCall: 1 }

test('Admission asks for a retry by the recent pace, not by one call that took longer', () => {
  const admission = new Admission({ maxQueue: 1024 })
  for (const milliseconds of [1960, 3, 3]) admission.called(milliseconds)
  assert.is(admission.refuse(1, 10_000, full)?.retryAfterSeconds, 4)
  for (let call = 0; call < 16; call++) admission.called(6)
  assert.is(admission.refuse(1, 10_000, full)?.retryAfterSeconds, 7)
})

test('Admission never asks for a retry after more than half a minute, nor before a second', () => {
  const admission = new Admission({ maxQueue: 1024 })
  admission.called(0.1)
  assert.is(admission.refuse(1, 10_000, full)?.retryAfterSeconds, 1)
  admission.called(2000)
  admission.called(2000)
  assert.is(admission.refuse(1, 10_000, full)?.retryAfterSeconds, 30)
})

test('Admission lets a small request in beside a large one, which takes turns with it', () => {
  const admission = new Admission({ maxQueue: 1024, maxQueueRows: 100_000, maxWaitMs: 1000 })
  admission.called(10)
  const beside = { requests: 1, rows: 700_000, rowsAhead: 32, rowsPerCall: 32 }
  assert.is(admission.refuse(1, 10_000, beside), undefined)
  assert.is(admission.refuse(33, 10_000, beside)?.reason, 'queue_full')
})

test.run()
