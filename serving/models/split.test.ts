import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Candidate } from '../contract/index.ts'
import { splitByValue, splitRequest } from './split.ts'

const canary: Candidate = { version: '2', mode: 'canary', weight: 25 }

test('a canary takes its share at random', () => {
  assert.is(
    splitRequest('m', canary, {}, () => 0.2499),
    'candidate',
  )
  assert.is(
    splitRequest('m', canary, {}, () => 0.25),
    'stable',
  )
  assert.is(
    splitRequest('m', { ...canary, weight: 0 }, {}, () => 0),
    'stable',
  )
  assert.is(
    splitRequest('m', { ...canary, weight: 100 }, {}, () => 0.999999),
    'candidate',
  )
})

test('a shadow mirrors its share and never answers', () => {
  assert.is(
    splitRequest('m', { ...canary, mode: 'shadow' }, {}, () => 0.1),
    'mirror',
  )
  assert.is(
    splitRequest('m', { ...canary, mode: 'shadow' }, {}, () => 0.3),
    'stable',
  )
})

test('an A/B test keeps each caller on one version and takes about its share of them', () => {
  const ab: Candidate = { version: '2', mode: 'ab', weight: 30, header: 'X-Patient' }
  let candidates = 0
  for (let caller = 0; caller < 2000; caller++) {
    const headers = { 'x-patient': `patient-${caller}` }
    const split = splitRequest('m', ab, headers)
    assert.is(splitRequest('m', ab, headers), split)
    if (split === 'candidate') candidates += 1
  }
  assert.ok(candidates > 500 && candidates < 700, String(candidates))
})

test('two tests do not pick the same callers', () => {
  const ab: Candidate = { version: '2', mode: 'ab', weight: 50 }
  const callers = Array.from({ length: 200 }, (_, caller) => ({ 'x-request-id': String(caller) }))
  const same = callers.filter((headers) => splitRequest('a', ab, headers) === splitRequest('b', ab, headers))
  assert.ok(same.length > 60 && same.length < 140, String(same.length))
})

test('two candidates of one model, and two salts, do not pick the same callers', () => {
  const test: Candidate = { version: '2', mode: 'ab', weight: 50 }
  const callers = Array.from({ length: 200 }, (_, caller) => ({ 'x-request-id': String(caller) }))
  for (const other of [
    { ...test, version: '3' },
    { ...test, salt: 'autumn' },
  ]) {
    const same = callers.filter((headers) => splitRequest('a', test, headers) === splitRequest('a', other, headers))
    assert.ok(same.length > 60 && same.length < 140, String(same.length))
  }
})

test('widening an A/B test keeps the callers that it has', () => {
  const ab = (weight: number): Candidate => ({ version: '2', mode: 'ab', weight })
  for (let caller = 0; caller < 500; caller++) {
    const value = String(caller)
    if (splitByValue('m', ab(10), value) === 'candidate') assert.is(splitByValue('m', ab(30), value), 'candidate')
  }
})

test('without its header a caller of an A/B test stays on the stable version', () => {
  assert.is(splitRequest('m', { ...canary, mode: 'ab', weight: 100 }, {}), 'stable')
})

test.run()
