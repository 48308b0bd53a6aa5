import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { random } from '../testing/random.ts'
import { jsonStructure, MemoryBudget, type Reservation, SMALL_BYTES } from './index.ts'

/** What `jsonStructure` is to say of a value, counted by walking it. */
function walk(value: unknown, depth = 1) {
  if (typeof value === 'string') return { depth: 0, containers: 0, strings: 1, entries: 0 }
  if (value === null || typeof value !== 'object') return { depth: 0, containers: 0, strings: 0, entries: 0 }
  const keys = Array.isArray(value) ? 0 : Object.keys(value).length
  const total = { depth, containers: 1, strings: keys, entries: Object.keys(value).length }
  for (const child of Object.values(value)) {
    const part = walk(child, depth + 1)
    total.depth = Math.max(total.depth, part.depth)
    total.containers += part.containers
    total.strings += part.strings
    total.entries += part.entries
  }
  return total
}

function randomValue(seed: ReturnType<typeof random>, depth: number): unknown {
  const kind = depth === 0 ? seed.below(3) : seed.below(5)
  if (kind === 0) return seed.below(1000)
  if (kind === 1) return seed.pick(['', 'a,b', '[{"', '\\"', 'é]}', '\u2028', '"'])
  if (kind === 2) return seed.pick([null, true, 0.5])
  const children = Array.from({ length: seed.below(4) }, () => randomValue(seed, depth - 1))
  return kind === 3 ? children : Object.fromEntries(children.map((child, index) => [`${index}":[`, child]))
}

test('jsonStructure counts what JSON.parse makes, whatever is in strings', () => {
  for (let seed = 0; seed < 300; seed++) {
    const value = randomValue(random(seed), 5)
    const { depth, containers, strings, entries } = walk(value)
    const text = JSON.stringify(value, null, seed % 3)
    const found = jsonStructure(Buffer.from(text), 64)
    assert.equal([found.depth, found.containers, found.strings], [depth, containers, strings], text)
    assert.ok(found.values + found.containers >= entries, text)
  }
})

test('jsonStructure stops at the first value that is too deep', () => {
  assert.is(jsonStructure(Buffer.from('['.repeat(10_000)), 64).depth, 65)
})

test('MemoryBudget gives back all it gave, in any order, and never more than it has', () => {
  const budget = new MemoryBudget(2 ** 32)
  const source = random(7)
  const open: Reservation[] = []
  for (let turn = 0; turn < 5000; turn++) {
    if (open.length > 0 && source.oneIn(3)) {
      const [closed] = open.splice(source.below(open.length), 1)
      closed?.release()
      // A second time changes nothing.
      closed?.release()
    } else {
      const reserved = budget.reserve(source.below(budget.capacity / 10))
      if (typeof reserved !== 'string') open.push(reserved)
    }
    open[0]?.grow(source.below(1_000_000))
    assert.ok(budget.inFlight <= budget.capacity)
    assert.is(
      budget.inFlight,
      open.reduce((sum, { bytes }) => sum + bytes, 0),
    )
  }
  for (const reservation of open) reservation.release()
  assert.equal([budget.inFlight, budget.holders], [0, 0])
})

test('MemoryBudget keeps a share for small requests', () => {
  const budget = new MemoryBudget(2 ** 32)
  const large: Reservation[] = []
  for (;;) {
    const reserved = budget.reserve(budget.largest / 8)
    if (typeof reserved === 'string') {
      assert.is(reserved, 'busy')
      break
    }
    large.push(reserved)
  }
  const small = budget.reserve(SMALL_BYTES)
  assert.ok(typeof small !== 'string')
  assert.is(small.grow(1), 'busy', 'it is not small any more')
  assert.is(budget.reserve(budget.largest + 1), 'too-large')
})

test.run()
