import { type Column, type ModelInterface, missingTextOf } from '../contract/index.ts'
import type { LoadedVersion } from '../models/index.ts'
import {
  encodeSample,
  madeUpFeeds,
  type Problem,
  propertyPath,
  sliceData,
  type Tensor,
  type Tensors,
} from '../session/index.ts'

/** Fields that one answer lists. */
const MAX_CULPRITS = 100

/** Bounds on the search: a wrong request must not cost many times what a right one does. */
const MAX_CALLS = 64
const MAX_SEARCH_MS = 1000

/** `[3].town`, `[3]` for a whole row: the place of a field among the rows of a request. */
export type PlaceOf = (place: string) => string

/**
 * Which fields of which rows a model with named features may have failed on: those whose value the frozen interface does not know,
 * else what a search finds, which calls the model on parts of the request. Empty where neither says anything.
 */
export async function explainFailure(version: LoadedVersion, feeds: Tensors, placeOf: PlaceOf): Promise<Problem[]> {
  if (version.encode === null) return []
  const { interface: modelInterface } = version.served
  const unknown = unknownValues(modelInterface, feeds)
  const problems = unknown.length > 0 ? unknown : await searchCulprits(version, feeds)
  return problems.map(({ path, message }) => ({ path: placeOf(path), message }))
}

function unknownValues({ inputs }: ModelInterface, feeds: Tensors): Problem[] {
  const problems: Problem[] = []
  for (const { name, columns = [] } of inputs) {
    const data = feeds[name]?.data ?? []
    const checks = columns.map(valueCheck)
    for (let index = 0; index < data.length; index++) {
      const at = index % columns.length
      const message = checks[at]?.(data[index] as number | bigint | string)
      if (message === undefined) continue
      problems.push({ path: placeOfField(Math.floor(index / columns.length), columns[at]?.name ?? ''), message })
      if (problems.length === MAX_CULPRITS) return problems
    }
  }
  return problems
}

type ValueCheck = (value: number | bigint | string) => string | undefined

function valueCheck(column: Column): ValueCheck {
  const { kind, categories, min = -Infinity, max = Infinity, missing } = column
  if (Array.isArray(categories)) {
    const known = new Set<unknown>(categories)
    return (value) => {
      if (known.has(value) || (missing && value === missingTextOf(column))) return undefined
      return `has the value ${JSON.stringify(String(value).slice(0, 100))}, which the version does not know`
    }
  }
  if (kind !== 'number') return () => undefined
  return (value) => {
    if (typeof value === 'string' || !(value < min || value > max)) return undefined
    return `is ${value}, outside ${min} to ${max}`
  }
}

async function searchCulprits(version: LoadedVersion, feeds: Tensors): Promise<Problem[]> {
  const { interface: modelInterface } = version.served
  const end = performance.now() + MAX_SEARCH_MS
  let calls = 0
  /** Undefined where nobody can say: it was not tried. */
  const runs = async (tried: Tensors): Promise<boolean | undefined> => {
    const left = end - performance.now()
    calls += 1
    return calls > MAX_CALLS || left <= 0 ? undefined : version.runs(tried, left)
  }
  const rows = Math.min(...Object.values(feeds).map(({ shape }) => shape[0] ?? 0))
  let [from, to] = [0, rows]
  while (to - from > 1) {
    const middle = (from + to) >>> 1
    const ran = await runs(rowsOf(feeds, from, middle))
    if (ran === undefined) return []
    if (ran) from = middle
    else to = middle
  }
  const row = rowsOf(feeds, from, to)
  if (rows > 1 && (await runs(row)) !== false) return []
  const right = await rightRow(version, runs)
  if (right === undefined)
    return rows > 1 ? [{ path: `[${from}]`, message: 'is a record that the model cannot run on' }] : []
  const problems: Problem[] = []
  for (const { name, columns = [] } of modelInterface.inputs) {
    for (const [at, column] of columns.entries()) {
      if ((await runs(withElement(row, name, at, right))) !== true) continue
      problems.push({ path: placeOfField(from, column.name), message: 'has a value that the model cannot run on' })
    }
  }
  if (problems.length > 0 || rows === 1) return problems
  return [{ path: `[${from}]`, message: 'is a record that the model cannot run on' }]
}

/** One row that the model runs on: a golden sample, else a made-up one. */
async function rightRow(
  { served, examples }: LoadedVersion,
  runs: (feeds: Tensors) => Promise<boolean | undefined>,
): Promise<Tensors | undefined> {
  const [sample] = examples
  const encoded = sample && encodeSample(served.interface, sample)
  const feeds = encoded?.ok ? encoded.feeds : madeUpFeeds(served.interface)
  return (await runs(feeds)) ? feeds : undefined
}

function rowsOf(feeds: Tensors, from: number, to: number): Tensors {
  return Object.fromEntries(
    Object.entries(feeds).map(
      ([
        name,
        {
          datatype,
          shape: [, width = 1],
          data,
        },
      ]) => [name, { datatype, shape: [to - from, width], data: sliceData(data, from * width, to * width) }],
    ),
  )
}

function withElement(row: Tensors, input: string, at: number, right: Tensors): Tensors {
  const { data, ...tensor } = row[input] as Tensor
  const changed = data.slice()
  changed[at] = right[input]?.data[at] as never
  return { ...row, [input]: { ...tensor, data: changed } }
}

function placeOfField(row: number, feature: string): string {
  return propertyPath(`[${row}]`, feature)
}
