import type { GoldenSample, InputTensor, ModelInterface } from '../../contract/index.ts'
import { namedFeatures, PROTOCOL_DATATYPES } from '../../contract/index.ts'

/** A request body of the Open Inference Protocol. */
export interface InferenceExample {
  inputs: { name: string; shape: number[]; datatype: string; data: unknown[] }[]
}

/** Records that are right: of golden samples, else one of the features' own examples; none where those do not suffice. */
export function exampleRecords(
  modelInterface: ModelInterface,
  samples: readonly GoldenSample[],
): { id: string; record: Record<string, unknown> }[] {
  const given = samples.flatMap(({ id, features }) => (features === undefined ? [] : [{ id, record: features }]))
  if (given.length > 0) return given
  const record: Record<string, unknown> = {}
  for (const { name, example, categories, missing } of namedFeatures(modelInterface)) {
    const [first] = Array.isArray(categories) ? categories : Object.keys(categories ?? {})
    const value = example ?? first ?? (missing ? null : undefined)
    if (value === undefined) return []
    record[name] = value
  }
  return [{ id: 'example', record }]
}

/** A request for `infer`: of the first golden sample with tensors or features, else zeros with every free dimension 1, which not every model can run on. */
export function exampleInference(modelInterface: ModelInterface, samples: readonly GoldenSample[]): InferenceExample {
  const [sample] = samples
  const [named] = exampleRecords(modelInterface, samples)
  return {
    inputs: modelInterface.inputs.map((input) => {
      const tensor = sample?.tensors?.[input.name] ?? (named && fromRecord(input, named.record)) ?? zeros(input)
      return { name: input.name, shape: tensor.shape, datatype: PROTOCOL_DATATYPES[input.datatype], data: tensor.data }
    }),
  }
}

/** The example as lists nested as the shapes, by input. */
export function nestedExample({ inputs }: InferenceExample): Record<string, unknown> {
  return Object.fromEntries(
    inputs.map(({ name, shape, data }) => [name, nest(data.flat(Number.POSITIVE_INFINITY), shape)]),
  )
}

function nest(flat: readonly unknown[], [size, ...rest]: readonly number[]): unknown {
  if (size === undefined) return flat[0]
  const step = flat.length / size
  return Array.from({ length: size }, (_, index) => nest(flat.slice(index * step, (index + 1) * step), rest))
}

interface FlatTensor {
  shape: number[]
  data: unknown[]
}

function fromRecord({ columns }: InputTensor, record: Record<string, unknown>): FlatTensor | undefined {
  if (columns === undefined) return undefined
  const data = columns.map(({ name, categories }) => {
    const value = record[name] ?? null
    return categories && !Array.isArray(categories) && typeof value === 'string' ? (categories[value] ?? null) : value
  })
  return { shape: [1, columns.length], data }
}

function zeros({ datatype, shape }: InputTensor): FlatTensor {
  const sizes = shape.map((size) => (typeof size === 'number' ? size : 1))
  const zero = datatype === 'string' ? '' : datatype === 'bool' ? false : 0
  return { shape: sizes, data: new Array(sizes.reduce((product, size) => product * size, 1)).fill(zero) }
}
