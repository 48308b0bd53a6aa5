import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEnough, ratiosOf } from './latency.ts'
import { generator } from './random.ts'

/** Times of calls in blocks, some of which the machine disturbs as a whole. */
function blocks(seed: number, milliseconds: number): number[][] {
  const random = generator(seed)
  return Array.from({ length: 16 }, () => {
    const disturbed = random() < 0.3 ? 1.5 : 1
    return Array.from({ length: 25 }, () => milliseconds * disturbed * (1 + random() * 0.2))
  })
}

test('the interval of a ratio holds 1 for equal models and excludes it for one that takes twice as long', () => {
  const seeds = Array.from({ length: 10 }, (_, index) => index + 1)
  const equal = seeds.map((seed) => ratiosOf(blocks(seed, 1), blocks(seed + 100, 1)).p50)
  assert.ok(equal.filter(({ low, high }) => low <= 1 && high >= 1).length >= 9, JSON.stringify(equal))
  for (const { low, high } of seeds.map((seed) => ratiosOf(blocks(seed, 2), blocks(seed + 100, 1)).p50)) {
    assert.ok(low > 1.2 && low < 2.01 && high > 1.99 && high < 3.1, `${low} to ${high}`)
  }
})

test('a quantile has ten calls beyond it at the least', () => {
  const of = (calls: number) => ({ p50Ms: 1, p95Ms: 1, p99Ms: 1, calls })
  assert.equal([isEnough(of(999), 'p99'), isEnough(of(1000), 'p99')], [false, true])
  assert.equal([isEnough(of(199), 'p95'), isEnough(of(200), 'p95')], [false, true])
})

test.run()
