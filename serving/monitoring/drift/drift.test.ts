import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Baseline, Datatype, ModelInterface, NumberBaseline } from '../../contract/index.ts'
import { createData, type Tensors } from '../../session/index.ts'
import { createBinCounter } from './bin-counter.ts'
import { createDrift } from './drift-exposition.ts'
import { SERIES_A_VERSION } from './plan.ts'

const bins = (edges: number[], counts: number[], missing = 0): NumberBaseline => ({
  kind: 'number',
  edges,
  counts,
  missing,
})

/** `[batch, 2]` in, a label and probabilities out. */
const INTERFACE: ModelInterface = {
  inputs: [
    {
      name: 'x',
      datatype: 'float32',
      shape: ['batch', 2],
      columns: [
        { name: 'age', kind: 'number' },
        { name: 'sex', kind: 'category', categories: { female: 1, male: 2.1, other: 3 } },
      ],
    },
  ],
  outputs: [
    { name: 'label', datatype: 'string', shape: ['batch'] },
    { name: 'p', datatype: 'float32', shape: ['batch', 2], labels: ['no', 'yes'] },
  ],
}

const BASELINE: Baseline = {
  rows: 10,
  features: {
    age: bins([0, 10, 20], [4, 5], 1),
    sex: { kind: 'category', counts: { female: 5, male: 5 }, missing: 0 },
  },
  outputs: {
    label: { kind: 'category', counts: { no: 6, yes: 3, _odd: 1 }, missing: 0 },
    'p.yes': bins([0, 0.5, 1], [5, 5]),
  },
}

const FEEDS: Tensors = {
  x: { datatype: 'float32', shape: [5, 2], data: Float32Array.of(0, 1, 20, 2.1, 9.99, 3, Number.NaN, 1, -1, 2.1) },
}
const OUTPUTS: Tensors = {
  label: { datatype: 'string', shape: [5], data: ['no', 'yes', '', 'new', '_odd'] },
  p: { datatype: 'float32', shape: [5, 2], data: Float32Array.of(1, 0, 0.5, 0.5, 0.25, 0.75, 0, 1, Number.NaN, 0) },
}

test('values are counted in the bins of the baseline, and what is in none of them apart', () => {
  const drift = createDrift()
  drift.version('m', '1.0.0', INTERFACE, BASELINE).observe(FEEDS, OUTPUTS)
  const text = drift.text()
  const labels = 'model="m",version="1.0.0"'
  for (const line of [
    `modelyard_feature_bin_total{${labels},feature="age",bin="[0,10)"} 2`,
    `modelyard_feature_bin_total{${labels},feature="age",bin="[10,20]"} 1`,
    `modelyard_feature_bin_total{${labels},feature="age",bin="_below"} 1`,
    `modelyard_feature_bin_total{${labels},feature="age",bin="_above"} 0`,
    `modelyard_feature_bin_total{${labels},feature="age",bin="_missing"} 1`,
    `modelyard_feature_bin_total{${labels},feature="sex",bin="female"} 2`,
    `modelyard_feature_bin_total{${labels},feature="sex",bin="male"} 2`,
    `modelyard_feature_bin_total{${labels},feature="sex",bin="_unseen"} 1`,
    `modelyard_feature_baseline_share{${labels},feature="age",bin="[10,20]"} 0.5`,
    `modelyard_feature_baseline_share{${labels},feature="age",bin="_missing"} 0.1`,
    `modelyard_output_bin_total{${labels},output="label",bin="_unseen"} 1`,
    `modelyard_output_bin_total{${labels},output="label",bin="_missing"} 1`,
    `modelyard_output_bin_total{${labels},output="label",bin="__odd"} 1`,
    `modelyard_output_bin_total{${labels},output="p.yes",bin="[0.5,1]"} 3`,
    `modelyard_output_baseline_share{${labels},output="label",bin="no"} 0.6`,
    `modelyard_output_confidence_sum_total{${labels},output="p"} 3.25`,
    `modelyard_output_confidence_rows_total{${labels},output="p"} 4`,
    `modelyard_drift_left_out{${labels}} 0`,
  ]) {
    assert.ok(text.split('\n').includes(line), `${line}\nin\n${text}`)
  }
})

test('the bins of any baseline and any values are those of a plain recount', () => {
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const datatypes: Datatype[] = ['float32', 'float64', 'int32', 'int64', 'uint8']
  for (let round = 0; round < 300; round++) {
    const datatype = datatypes[round % datatypes.length] as Datatype
    const drawn = Array.from({ length: 2 + Math.floor(random() * 12) }, () => Math.fround(random() * 100))
    const edges = [...new Set(drawn)].sort((a, b) => a - b)
    if (edges.length < 2) continue
    const rows = 1 + Math.floor(random() * 50)
    const width = 1 + Math.floor(random() * 3)
    const offset = Math.floor(random() * width)
    const data = createData(datatype, rows * width)
    for (let at = 0; at < data.length; at++) {
      // Edges themselves, values between and beyond them, and missing ones.
      let value = random() < 0.4 ? (edges[Math.floor(random() * edges.length)] as number) : random() * 140 - 20
      if (datatype.startsWith('float') && random() < 0.1) value = Number.NaN
      data[at] = datatype === 'int64' ? BigInt(Math.floor(value)) : value
    }
    const counter = createBinCounter(bins(edges, new Array(edges.length - 1).fill(1)), datatype)
    counter?.count(data, offset, width, rows)
    const expected = new Array(edges.length + 2).fill(0)
    for (let row = 0; row < rows; row++) {
      const value = Number(data[row * width + offset])
      const inner = edges.slice(1).findIndex((to, bin) => {
        const closed = bin === edges.length - 2
        return value >= (edges[bin] as number) && (closed ? value <= to : value < to)
      })
      const below = value < (edges[0] as number) ? edges.length - 1 : edges.length
      expected[inner !== -1 ? inner : Number.isNaN(value) ? edges.length + 1 : below] += 1
    }
    assert.equal([...(counter?.counts ?? [])], expected)
  }
})

test('an edge is rounded as the tensor rounds the value that was counted on it', () => {
  const counter = createBinCounter(bins([0.1, 2.81, 3.3], [1, 1]), 'float32')
  counter?.count(Float32Array.of(0.1, 2.81, 3.3), 0, 1, 3)
  assert.equal([...(counter?.counts ?? [])], [1, 2, 0, 0, 0])
})

test('over the budget outputs stay, the most important features follow, and the rest is named', () => {
  const names = Array.from({ length: 200 }, (_, index) => `f${index}`)
  const wide: ModelInterface = {
    inputs: [
      {
        name: 'x',
        datatype: 'float32',
        shape: ['batch', 200],
        columns: names.map((name) => ({ name, kind: 'number' })),
      },
    ],
    outputs: [{ name: 'y', datatype: 'float32', shape: ['batch', 1] }],
  }
  const features = Object.fromEntries(names.map((name, index) => [name, { ...bins([0, 1], [1]), importance: index }]))
  const drift = createDrift()
  const counts = drift.version('wide', '1', wide, { rows: 1, features, outputs: { y: bins([0, 1], [1]) } })
  assert.is(counts.overBudget.length, 0)
  counts.retire()
  assert.not.match(drift.text(), 'wide')

  const small = createDrift(2 * 4 * 3)
  const left = small.version('wide', '1', wide, {
    rows: 1,
    features,
    outputs: { y: bins([0, 1], [1]), z: bins([0, 1], [1]) },
  })
  const text = small.text()
  assert.match(text, 'output="y"')
  assert.match(text, 'feature="f199"')
  assert.match(text, 'feature="f198"')
  assert.is(left.overBudget[0], 'f197')
  assert.is(left.overBudget.length, 198)
  assert.equal(left.uncountable, ['z'])
  assert.match(text, 'modelyard_drift_left_out{model="wide",version="1"} 199')
  assert.ok(SERIES_A_VERSION >= 200 * 8)

  // What one version gives back, the next may use.
  assert.is(small.version('m', '1', INTERFACE, BASELINE).overBudget.length, 4)
  left.retire()
  assert.is(small.version('m', '1', INTERFACE, BASELINE).overBudget.length, 2)
})

test('a name from a model cannot break the text format', () => {
  const odd: ModelInterface = {
    inputs: [{ name: 'x', datatype: 'float32', shape: ['batch', 1], columns: [{ name: 'a"\\\n', kind: 'number' }] }],
    outputs: [],
  }
  const drift = createDrift()
  drift.version('m', '1', odd, { rows: 1, features: { 'a"\\\n': bins([0, 1], [1]) }, outputs: {} })
  assert.match(drift.text(), 'feature="a\\"\\\\\\n",bin="[0,1]"} 0')
})

test.run()
