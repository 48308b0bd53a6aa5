import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { judged } from './budget.ts'

const BUDGET = { p99Ms: 10, memoryBytes: 100 }
const latency = (calls: number, p99Ms = 5) => ({ p50Ms: 1, p95Ms: 2, p99Ms, calls })

test('a quantile of too few calls is not told, and no budget is said to hold or to be broken by it', () => {
  const memory = { process: 40, model: 50 }
  assert.equal(judged({ latency: latency(1200), memory }, BUDGET), {
    latency: { calls: 1200, p50Ms: 1, p95Ms: 2, p99Ms: 5 },
    memoryBytes: 90,
    holds: true,
  })
  assert.equal(judged({ latency: latency(240, 50), memory }, BUDGET), {
    latency: { calls: 240, p50Ms: 1, p95Ms: 2 },
    memoryBytes: 90,
  })
  assert.equal(judged({ latency: latency(24), memory: undefined }, BUDGET), { latency: { calls: 24, p50Ms: 1 } })
})

test('what is over its budget is so, whatever else could not be told', () => {
  assert.is(judged({ latency: latency(24), memory: { process: 60, model: 50 } }, BUDGET).holds, false)
  assert.is(judged({ latency: latency(1200, 11), memory: undefined }, BUDGET).holds, false)
})

test.run()
