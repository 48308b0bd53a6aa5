import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { metric } from '../define/index.ts'
import { evaluateGate, evaluateThreshold } from './gates.ts'

const test = suite('gates')

test('a threshold passes at its value and fails beyond it', () => {
  const atLeast = metric('auc').atLeast(0.9)
  assert.equal(evaluateThreshold(atLeast, { auc: 0.9 }), { name: 'auc >= 0.9', result: 'pass', detail: '0.9' })
  assert.equal(evaluateThreshold(atLeast, { auc: 0.89994 }), { name: 'auc >= 0.9', result: 'fail', detail: '0.8999' })
  const atMost = metric('mae').atMost(3)
  assert.equal(evaluateThreshold(atMost, { mae: 3 }), { name: 'mae <= 3', result: 'pass', detail: '3' })
  assert.equal(evaluateThreshold(atMost, { mae: 3.00049 }), { name: 'mae <= 3', result: 'fail', detail: '3.0005' })
})

test('a metric that was not measured is unknown, which is never a pass', () => {
  assert.equal(evaluateThreshold(metric('auc').atLeast(0.9), {}), {
    name: 'auc >= 0.9',
    result: 'unknown',
    detail: 'not measured',
  })
  const champion = metric('mae').noWorseThanChampion()
  assert.is(evaluateGate(champion, {}, { mae: 1 }).result, 'unknown')
  assert.equal(evaluateGate(champion, { mae: 1 }, {}), {
    name: 'mae vs champion',
    result: 'unknown',
    detail: 'champion: none',
  })
})

test('without a champion there is nothing to be worse than', () => {
  const gate = metric('mae').noWorseThanChampion()
  assert.equal(evaluateGate(gate, { mae: 9 }, undefined), {
    name: 'mae vs champion',
    result: 'pass',
    detail: 'no champion yet',
  })
})

test('an error may rise and a score may fall by the tolerance, and no further', () => {
  const error = metric('mae').noWorseThanChampion({ tolerance: '2%' })
  assert.equal(evaluateGate(error, { mae: 102 }, { mae: 100 }), {
    name: 'mae vs champion',
    result: 'pass',
    detail: '+2.0 %',
  })
  assert.equal(evaluateGate(error, { mae: 102.04 }, { mae: 100 }), {
    name: 'mae vs champion',
    result: 'fail',
    detail: '+2.04 % (allowed 2%)',
  })
  assert.is(evaluateGate(error, { mae: 50 }, { mae: 100 }).detail, '-50.0 %')
  const score = metric('auc').noWorseThanChampion({ tolerance: '1%' })
  assert.is(evaluateGate(score, { auc: 0.792 }, { auc: 0.8 }).result, 'pass')
  assert.is(evaluateGate(score, { auc: 0.79 }, { auc: 0.8 }).result, 'fail')
  assert.is(evaluateGate(score, { auc: 0.9 }, { auc: 0.8 }).result, 'pass')
})

test('the same version is never worse than itself, whatever the metric and its sign', () => {
  for (const name of ['mae', 'auc']) {
    for (const value of [0, -0.3, 1e-12, 0.1 + 0.2, 123456.789]) {
      const gate = metric(name).noWorseThanChampion()
      assert.is(evaluateGate(gate, { [name]: value }, { [name]: value }).result, 'pass', `${name} ${value}`)
    }
  }
})

test('a champion of zero has no percentage: the difference itself is shown', () => {
  const gate = metric('error_rate').noWorseThanChampion({ tolerance: '10%' })
  assert.equal(evaluateGate(gate, { error_rate: 0.25 }, { error_rate: 0 }), {
    name: 'error_rate vs champion',
    result: 'fail',
    detail: '+0.25',
  })
})

test('a direction that is said wins over the one that the name suggests', () => {
  const gate = metric('loss_ratio', { better: 'higher' }).noWorseThanChampion()
  assert.is(evaluateGate(gate, { loss_ratio: 2 }, { loss_ratio: 1 }).result, 'pass')
  assert.is(evaluateGate(gate, { loss_ratio: 1 }, { loss_ratio: 2 }).result, 'fail')
})

test.run()
