import type { ModelInterface } from '../../contract/index.ts'
import type { LoadedVersion } from '../../models/index.ts'
import { checkFeeds, isObject, type Problem, type Tensors, tensorFromNested } from '../../session/index.ts'
import { MOST_DETAILS, wrongFields } from '../http-problem.ts'
import type { PreparedRequest } from '../serve-request.ts'
import { rowReader } from './named-rows.ts'

/** Both protocols that send tables have 400 for what is wrong in them. */
export const WRONG_TABLE = 400

/**
 * Rows as tensors of one version; `path` is where they stand in the body. With named features each row is read by a
 * `RowReader` and encoded as `/predict` encodes it; with raw tensors a row is what the inputs hold for one step of their first
 * dimension: the bare value for one input, an object by name for several. Throws a 400 that lists what is wrong.
 */
export function prepareRows(version: LoadedVersion, rows: readonly unknown[], path: string): PreparedRequest {
  if (version.encode !== null) return prepareNamed(version, rows, (row) => `${path}${row}`)
  const { inputs } = version.served.interface
  const [only] = inputs
  if (only === undefined) {
    throw wrongFields(WRONG_TABLE, [
      { path, message: 'must not be given: this model has no inputs; send {"inputs": {}}' },
    ])
  }
  if (rows.length > 0 && rows.every(isObject)) {
    const names = new Set(inputs.map(({ name }) => name))
    // The first name that is none, so that the answer says so; never all of them, of which there may be as many as rows.
    for (const row of rows) {
      const unknown = Object.keys(row).find((name) => !names.has(name))
      if (unknown !== undefined) names.add(unknown)
      if (names.size > inputs.length) break
    }
    const given = [...names].filter((name) => rows.some((row) => Object.hasOwn(row, name)))
    const columns = given.map((name) => [name, rows.map((row) => row[name])])
    const place = (name: string, rest: string) => rest.replace(/^\[\d+\]/, (row) => `${path}${row}.${name}`)
    return prepareTensors(version, Object.fromEntries(columns), (name, rest) => place(name, rest) || `${path}.${name}`)
  }
  if (inputs.length !== 1) {
    const message = `must hold objects with ${inputs.map(({ name }) => name).join(', ')}: this model has several inputs`
    throw wrongFields(WRONG_TABLE, [{ path, message }])
  }
  return prepareTensors(version, { [only.name]: rows }, (_name, rest) => `${path}${rest}`)
}

/** Columns by the name of an input, or of a feature; otherwise as `prepareRows`. */
export function prepareColumns(
  version: LoadedVersion,
  columns: Record<string, unknown>,
  path: string,
): PreparedRequest {
  if (version.encode === null) return prepareTensors(version, columns, (name, rest) => `${path}.${name}${rest}`)
  const entries = Object.entries(columns)
  const absent = absentFeatures(version.served.interface, new Set(Object.keys(columns)))
  if (absent.length > 0) {
    throw wrongFields(
      WRONG_TABLE,
      absent.map((name) => ({ path: `${path}.${name}`, message: 'is required' })),
    )
  }
  const rows = Object.values(columns).find(Array.isArray)?.length ?? 0
  const problems = entries.flatMap(([name, column]): Problem[] => {
    if (Array.isArray(column) && column.length === rows) return []
    const message = Array.isArray(column) ? `has ${column.length} rows, others ${rows}` : 'must be a list of rows'
    return [{ path: `${path}.${name}`, message }]
  })
  if (problems.length > 0) throw wrongFields(WRONG_TABLE, problems)
  const records = Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(entries.map(([name, column]) => [name, (column as unknown[])[row]])),
  )
  return prepareNamed(version, records, (place) => place.replace(/^(\[\d+\])(.*)$/, `${path}$2$1`) || path)
}

/** A data frame: rows of values, and the names of its columns where it has any. */
export interface Frame {
  columns: readonly string[] | undefined
  rows: readonly (readonly unknown[])[]
}

/**
 * A frame as pandas users think of it: a column is a feature, or with several raw inputs an input; the only raw input takes the
 * whole matrix, whatever the columns are called.
 */
export function prepareFrame(version: LoadedVersion, { columns, rows }: Frame, path: string): PreparedRequest {
  const several = version.served.interface.inputs.length > 1
  if (columns === undefined || (version.encode === null && !several)) return prepareRows(version, rows, path)
  if (version.encode === null) {
    const byInput = columns.map((name, index) => [name, rows.map((row) => row[index])])
    return prepareColumns(version, Object.fromEntries(byInput), path)
  }
  const records = rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])))
  return prepareRows(version, records, path)
}

/** Features without which no row can be right. Asked first: a column alone would otherwise become a wrong record a value. */
function absentFeatures(modelInterface: ModelInterface, given: ReadonlySet<string>): string[] {
  const byInput = [...given].every((name) => modelInterface.inputs.some((input) => input.name === name))
  return modelInterface.inputs.flatMap(({ name: input, columns = [] }) =>
    byInput && given.has(input)
      ? []
      : columns.filter(({ name, missing }) => !missing && !given.has(name)).map(({ name }) => name),
  )
}

function prepareNamed(
  version: LoadedVersion,
  rows: readonly unknown[],
  placeOf: (place: string) => string,
): PreparedRequest {
  const read = rowReader(version.served.interface)
  const problems: Problem[] = []
  const records: unknown[] = []
  for (let index = 0; index < rows.length && problems.length < MOST_DETAILS; index++) {
    records.push(read(rows[index], `[${index}]`, problems))
  }
  if (problems.length > 0) throw wrongTable(problems, placeOf)
  const encoded = version.encode?.(records, { strict: version.served.strict })
  if (encoded === undefined) throw new Error(`${version.model} has no named features`)
  for (const { feature, kind, count } of encoded.anomalies) version.metrics.anomaly(feature, kind, count)
  if (!encoded.ok) throw wrongTable(encoded.problems, placeOf)
  return { feeds: encoded.feeds, placeOf }
}

function wrongTable(problems: readonly Problem[], placeOf: (place: string) => string) {
  return wrongFields(
    WRONG_TABLE,
    problems.map(({ path, message }) => ({ path: placeOf(path), message })),
  )
}

function prepareTensors(
  version: LoadedVersion,
  values: Record<string, unknown>,
  placeOf: (name: string, rest: string) => string,
): PreparedRequest {
  const { inputs } = version.served.interface
  const problems: Problem[] = []
  const feeds: Tensors = {}
  for (const [name, value] of Object.entries(values)) {
    const input = inputs.find((declared) => declared.name === name)
    if (input === undefined) {
      const known = inputs.map((declared) => declared.name).join(', ')
      problems.push({ path: placeOf(name, ''), message: `is not an input of this model; it has ${known}` })
      continue
    }
    const parsed = tensorFromNested(input, value, '')
    if (parsed.ok) feeds[name] = parsed.tensor
    else problems.push(...parsed.problems.map(({ path, message }) => ({ path: placeOf(name, path), message })))
  }
  if (problems.length === 0) problems.push(...checkFeeds(version.served.interface, feeds))
  if (problems.length > 0) throw wrongFields(WRONG_TABLE, problems)
  return { feeds }
}
