import type { LoadedVersion } from '../../models/index.ts'
import { isObject } from '../../session/index.ts'
import { HttpProblem, wrongFields } from '../http-problem.ts'
import type { PreparedRequest } from '../serve-request.ts'
import { type Frame, prepareColumns, prepareFrame, prepareRows, WRONG_TABLE } from '../tabular/prepare.ts'
import type { InvocationBody } from './invocation-body.ts'
import { typedFrame } from './read-csv.ts'

const FORMATS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const

/** A request to `/invocations` before it is known which version answers. */
export interface Invocation {
  rows: number
  /** A data frame is answered with a record a row, tensors with an object of outputs. */
  isFrame(version: LoadedVersion): boolean
  prepare(version: LoadedVersion): PreparedRequest
}

/** Reads a body of MLflow's scoring protocol; throws a 400 that says what is wrong. */
export function readInvocation(body: InvocationBody | undefined): Invocation {
  if (body === undefined) throw wrong('', 'is empty; send JSON or CSV')
  if ('table' in body) {
    const { table } = body
    const prepare = (version: LoadedVersion) =>
      prepareFrame(version, typedFrame(table, version.served.interface), 'rows')
    return { rows: table.rows.length, isFrame: () => true, prepare }
  }
  const { json } = body
  if (!isObject(json)) throw wrong('', `must be a JSON object with one of ${FORMATS.join(', ')}`)
  const given = FORMATS.filter((format) => json[format] !== undefined)
  const [format] = given
  if (given.length !== 1 || format === undefined) {
    const got = given.length === 0 ? 'none of them' : given.join(' and ')
    throw wrong('', `must have exactly one of ${FORMATS.join(', ')}, got ${got}`)
  }
  // A graph has no parameters, so they change nothing, as with MLflow's ONNX flavour.
  if (json.params !== undefined && json.params !== null && !isObject(json.params)) {
    throw wrong('params', 'must be an object')
  }
  for (const key of Object.keys(json)) {
    if (key !== format && key !== 'params') throw wrong(key.slice(0, 100), 'is not a field of a request')
  }
  if (format === 'dataframe_split') return frameInvocation(readSplit(json[format]), `${format}.data`)
  if (format === 'dataframe_records') return recordsInvocation(json[format], format)
  return tensorInvocation(json[format], format)
}

function frameInvocation(frame: Frame, path: string): Invocation {
  return { rows: frame.rows.length, isFrame: () => true, prepare: (version) => prepareFrame(version, frame, path) }
}

/** `DataFrame.to_dict(orient="split")`; the index is checked and changes nothing. */
function readSplit(split: unknown): Frame {
  const path = 'dataframe_split'
  if (!isObject(split)) throw wrong(path, 'must be an object with data, and columns and index where there are any')
  const { columns, data, index, ...others } = split
  const [other] = Object.keys(others)
  if (other !== undefined) throw wrong(path, `has ${JSON.stringify(other.slice(0, 100))}, which no split has`)
  if (!Array.isArray(data)) throw wrong(`${path}.data`, 'must be a list of rows')
  const names = readColumns(columns, `${path}.columns`)
  const width = names?.length
  const rows = data.map((row, at): unknown[] => {
    // A list of scalars is a frame of one column.
    const values = Array.isArray(row) ? row : [row]
    if (width === undefined || values.length === width) return values
    throw wrong(`${path}.data[${at}]`, `has ${values.length} values, but there are ${width} columns`)
  })
  if (index !== undefined && index !== null && !(Array.isArray(index) && index.length === rows.length)) {
    throw wrong(`${path}.index`, `must be a list as long as data, ${rows.length}`)
  }
  // Numbers are pandas' own names for columns that nobody has named.
  return { columns: names?.every((name) => typeof name === 'number') ? undefined : names?.map(String), rows }
}

function readColumns(columns: unknown, path: string): (string | number)[] | undefined {
  if (columns === undefined || columns === null) return undefined
  const valid = Array.isArray(columns) && columns.every((name) => typeof name === 'string' || typeof name === 'number')
  if (!valid) throw wrong(path, 'must be a list of names')
  const twice = columns.find((name, at) => columns.indexOf(name) !== at)
  if (twice !== undefined) throw wrong(path, `has ${JSON.stringify(twice).slice(0, 100)} twice`)
  return columns
}

/** `DataFrame.to_dict(orient="records")`. */
function recordsInvocation(records: unknown, path: string): Invocation {
  if (!Array.isArray(records)) throw wrong(path, 'must be a list of records')
  const at = records.findIndex((record) => !isObject(record))
  if (at !== -1) throw wrong(`${path}[${at}]`, 'must be an object')
  const columns = Object.keys(records[0] ?? {})
  const prepare = (version: LoadedVersion) => {
    if (version.encode !== null || version.served.interface.inputs.length > 1)
      return prepareRows(version, records, path)
    const other = records.findIndex((record) => !hasFields(record, columns))
    if (other !== -1) throw wrong(`${path}[${other}]`, 'must have the same fields as the first record')
    return prepareFrame(version, { columns, rows: records.map((record) => columns.map((name) => record[name])) }, path)
  }
  return { rows: records.length, isFrame: () => true, prepare }
}

function hasFields(record: object, names: readonly string[]): boolean {
  return Object.keys(record).length === names.length && names.every((name) => Object.hasOwn(record, name))
}

/** `instances` and `inputs`: tensors, or features by name, which MLflow makes a data frame of. */
function tensorInvocation(value: unknown, path: 'instances' | 'inputs'): Invocation {
  if (isObject(value) && path === 'inputs') {
    const columns = Object.values(value)
    const nested = columns.some((column) => !Array.isArray(column) || Array.isArray(column[0]))
    return {
      rows: columns.find(Array.isArray)?.length ?? 0,
      isFrame: ({ encode }) => encode !== null && !nested,
      prepare: (version) => prepareColumns(version, value, path),
    }
  }
  if (!Array.isArray(value)) throw wrong(path, `must be a list${path === 'inputs' ? ', or an object of lists' : ''}`)
  const named = value.length > 0 && value.every((row) => isObject(row) && !Object.values(row).some(Array.isArray))
  return {
    rows: value.length,
    isFrame: ({ encode }) => encode !== null && named,
    prepare: (version) => prepareRows(version, value, path),
  }
}

function wrong(path: string, message: string): HttpProblem {
  return path === ''
    ? new HttpProblem(WRONG_TABLE, `the body ${message}`)
    : wrongFields(WRONG_TABLE, [{ path, message }])
}
