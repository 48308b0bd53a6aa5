import {
  type CategoryBaseline,
  type Column,
  type Datatype,
  missingTextOf,
  type NumberBaseline,
} from '../../contract/index.ts'
import { createData, decodeElement, fromFloat16, type TensorData, toFloat16 } from '../../session/index.ts'

/** Bins that every variable of a kind has beside those of its baseline. A category that starts with `_` is written with one more. */
export const SPECIAL_BINS = { below: '_below', above: '_above', missing: '_missing', unseen: '_unseen' } as const

/** Counts the values of one feature or output by the bins of its baseline. */
export interface BinCounter {
  /** Value of the label `bin` of each count. */
  readonly bins: readonly string[]
  /** Share of the training data in each bin; they sum to 1. */
  readonly shares: readonly number[]
  readonly counts: Float64Array
  /** Counts `rows` elements of a tensor, from element `start` in steps of `stride`. */
  count(data: TensorData, start: number, stride: number, rows: number): void
}

/**
 * A counter of the elements of a tensor of `datatype`; undefined when such elements cannot be put into those bins (numbers in
 * a tensor of strings). `column` says how a feature is encoded.
 */
export function createBinCounter(
  baseline: NumberBaseline | CategoryBaseline,
  datatype: Datatype,
  column: Pick<Column, 'categories' | 'missingText'> = {},
): BinCounter | undefined {
  if (baseline.kind === 'category') return categoryCounter(baseline, datatype, column)
  return datatype === 'string' || datatype === 'bool' ? undefined : numberCounter(baseline, datatype)
}

/** Bins `[edges[i], edges[i + 1])`, the last one closed, edges rounded as the tensor rounds the values. */
function numberCounter({ edges, counts: trained, missing }: NumberBaseline, datatype: Datatype): BinCounter {
  const bounds = Float64Array.from(edges, (edge) => rounded(datatype, edge))
  const last = bounds.length - 1
  const lowest = bounds[0] as number
  const highest = bounds[last] as number
  const below = last
  const above = last + 1
  const absent = last + 2
  const counts = new Float64Array(last + 3)

  function add(value: number): void {
    let bin: number
    if (value >= lowest && value <= highest) {
      let from = 0
      let to = last
      // The last edge that is not above the value; the highest edge itself belongs to the last bin.
      while (to - from > 1) {
        const middle = (from + to) >>> 1
        if ((bounds[middle] as number) <= value) from = middle
        else to = middle
      }
      bin = from
    } else if (value < lowest) bin = below
    else if (value > highest) bin = above
    else bin = absent
    counts[bin] = (counts[bin] as number) + 1
  }

  const read = reader(datatype)
  return {
    bins: [...binLabels(edges), SPECIAL_BINS.below, SPECIAL_BINS.above, SPECIAL_BINS.missing],
    shares: sharesOf([...trained, 0, 0, missing]),
    counts,
    count(data, start, stride, rows) {
      const end = start + rows * stride
      if (data instanceof Float32Array) for (let at = start; at < end; at += stride) add(data[at] as number)
      else for (let at = start; at < end; at += stride) add(read(data, at))
    },
  }
}

function categoryCounter(
  { counts: trained, missing }: CategoryBaseline,
  datatype: Datatype,
  column: Pick<Column, 'categories' | 'missingText'>,
): BinCounter {
  const { categories } = column
  const missingText = missingTextOf(column)
  const labels = Object.keys(trained)
  const unseen = labels.length
  const absent = unseen + 1
  const counts = new Float64Array(labels.length + 2)
  const codes = categories === undefined || Array.isArray(categories) ? undefined : categories
  const binOf = new Map<unknown, number>()
  for (const [bin, label] of labels.entries()) binOf.set(elementOf(label, datatype, codes), bin)
  // Where it is no category of its own, it is how a tensor of strings holds a missing value.
  if (datatype === 'string' && !binOf.has(missingText)) binOf.set(missingText, absent)
  return {
    bins: [...labels.map(escapeCategory), SPECIAL_BINS.unseen, SPECIAL_BINS.missing],
    shares: sharesOf([...Object.values(trained), 0, missing]),
    counts,
    count(data, start, stride, rows) {
      const end = start + rows * stride
      for (let at = start; at < end; at += stride) {
        const element = data[at]
        const bin = binOf.get(element) ?? (isNaNElement(datatype, data, at) ? absent : unseen)
        counts[bin] = (counts[bin] as number) + 1
      }
    },
  }
}

/** A category as the tensor holds it, exactly. */
function elementOf(label: string, datatype: Datatype, codes: Record<string, number> | undefined): unknown {
  if (datatype === 'string') return label
  if (datatype === 'bool') return label.toLowerCase() === 'true' || label === '1' ? 1 : 0
  const number = codes?.[label] ?? Number(label)
  if (datatype === 'int64' || datatype === 'uint64') return Number.isInteger(number) ? BigInt(number) : undefined
  if (datatype === 'float16') return toFloat16(number)
  const cell = createData(datatype, 1)
  cell[0] = number
  return cell[0]
}

function isNaNElement(datatype: Datatype, data: TensorData, at: number): boolean {
  return datatype.startsWith('float') && decodeElement(datatype, data, at) === null
}

function reader(datatype: Datatype): (data: TensorData, at: number) => number {
  return datatype === 'float16' ? (data, at) => fromFloat16(data[at] as number) : (data, at) => Number(data[at])
}

/** As a tensor rounds it. Whole-number tensors keep the edge: their elements are compared with it exactly. */
function rounded(datatype: Datatype, edge: number): number {
  if (datatype === 'float32') return Math.fround(edge)
  return datatype === 'float16' ? fromFloat16(toFloat16(edge)) : edge
}

function binLabels(edges: readonly number[]): string[] {
  return edges.slice(1).map((to, bin) => `[${edges[bin]},${to}${bin === edges.length - 2 ? ']' : ')'}`)
}

function escapeCategory(label: string): string {
  return label.startsWith('_') ? `_${label}` : label
}

function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => (total === 0 ? 0 : count / total))
}
