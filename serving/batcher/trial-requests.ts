import type { Column, GoldenSamples, InputTensor, ModelInterface } from '../contract/index.ts'
import {
  createData,
  elementCount,
  encodeSample,
  type Tensor,
  type TensorData,
  type Tensors,
  toFloat16,
} from '../session/index.ts'

/** A request of the trial. */
export interface TrialRequest {
  /** For people: `golden sample row-3`. */
  id: string
  feeds: Tensors
  /** Holds values far from any other. */
  extreme?: boolean
}

const MAX_SAMPLES = 6
const MADE_UP = 6

/** Sizes that free dimensions other than the rows are tried with, until the model answers. */
const FREE_SIZES = [8, 1, 32, 224]

/** Far outside what a model was trained on, and of float16's range. */
const EXTREME = 30_000

/** Golden samples as requests, spread over all that there are. */
export function* goldenRequests(
  modelInterface: ModelInterface,
  golden: GoldenSamples | undefined,
): Generator<TrialRequest> {
  const samples = golden?.samples ?? []
  const step = Math.max(1, Math.floor(samples.length / MAX_SAMPLES))
  for (let index = 0; index < samples.length && index < MAX_SAMPLES * step; index += step) {
    const sample = samples[index] as GoldenSamples['samples'][number]
    const encoded = encodeSample(modelInterface, sample)
    if (encoded.ok) yield { id: `golden sample ${sample.id}`, feeds: encoded.feeds }
  }
}

/** Requests of one and two rows that the interface allows; with the sizes of `like` where it is given. */
export function* madeUpRequests(modelInterface: ModelInterface, like?: TrialRequest): Generator<TrialRequest> {
  const free = modelInterface.inputs.some(({ shape }) => shape.slice(1).some((size) => typeof size === 'string'))
  const known = like && freeSizes(modelInterface, like.feeds)
  for (const size of free && known === undefined ? FREE_SIZES : [1]) {
    for (let number = 1; number <= MADE_UP; number++) {
      const feeds: Tensors = {}
      for (const input of modelInterface.inputs) {
        const shape = input.shape.map((declared, axis) => {
          if (axis === 0) return number % 2 === 0 ? 2 : 1
          return typeof declared === 'number' ? declared : (known?.get(declared) ?? size)
        })
        feeds[input.name] = fill(input, shape, number)
      }
      yield { id: `made-up request ${number}`, feeds }
    }
  }
}

/** One row like the first of `like`, with extreme numbers of either sign; texts and whole numbers stay, since they may be looked up. */
export function* withExtremeValues({ inputs }: ModelInterface, like: Tensors): Generator<TrialRequest> {
  if (!inputs.some(({ datatype }) => datatype.startsWith('float'))) return
  for (const sign of [1, -1]) {
    const feeds: Tensors = {}
    for (const { name, datatype, columns = [] } of inputs) {
      const { shape, data } = like[name] as Tensor
      const copy = data.slice() as TensorData
      if (datatype.startsWith('float')) {
        const value = datatype === 'float16' ? toFloat16(sign * EXTREME) : sign * EXTREME
        for (let index = 0; index < copy.length; index++) {
          if (columns[index % Math.max(1, columns.length)]?.kind !== 'category') (copy as Float32Array)[index] = value
        }
      }
      feeds[name] = { datatype, shape, data: copy }
    }
    yield { id: 'extreme values', feeds, extreme: true }
  }
}

function freeSizes({ inputs }: ModelInterface, feeds: Tensors): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const { name, shape } of inputs) {
    for (const [axis, declared] of shape.entries()) {
      const size = feeds[name]?.shape[axis]
      if (typeof declared === 'string' && size !== undefined) sizes.set(declared, size)
    }
  }
  return sizes
}

/** Different numbers in each request and column, repeatable. */
function fill({ datatype, columns = [] }: InputTensor, shape: number[], seed: number): Tensor {
  const data = createData(datatype, elementCount(shape))
  for (let index = 0; index < data.length; index++) {
    const share = fraction(seed * 7919 + index)
    const column = columns[index % Math.max(1, columns.length)]
    const value =
      column === undefined
        ? datatype === 'string'
          ? 'abcd'.charAt(share * 4)
          : share * 2 - 1
        : exampleValue(column, share)
    if (Array.isArray(data)) data[index] = String(value)
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array)
      data[index] = BigInt(Math.trunc(Math.abs(Number(value))))
    else if (datatype === 'float16') data[index] = toFloat16(Number(value))
    else if (datatype.startsWith('float')) data[index] = Number(value)
    else data[index] = Math.trunc(Math.abs(Number(value))) % 2
  }
  return { datatype, shape, data }
}

function exampleValue({ categories, min = 0, max = min + 1, integer }: Column, share: number): number | string {
  if (Array.isArray(categories)) return categories[Math.floor(share * categories.length)] ?? ''
  const values = Object.values(categories ?? {})
  if (values.length > 0) return values[Math.floor(share * values.length)] ?? 0
  const value = min + share * (max - min)
  return integer ? Math.floor(value) : value
}

/** In [0, 1): the fractional part of multiples of the golden ratio spreads evenly. */
function fraction(index: number): number {
  return (index * 0.618033988749895) % 1
}
