import { hasNamedFeatures, type InputTensor, type ModelInterface } from '../contract/index.ts'
import { type Anomaly, AnomalyCounter, type AnomalyKind, UNKNOWN_FEATURE } from './anomalies.ts'
import { type ColumnEncoder, createColumnEncoder, type FieldReport } from './column-encoder.ts'
import { isObject } from './is-object.ts'
import type { Problem } from './model-error.ts'
import { propertyPath } from './property-path.ts'
import { typeName } from './scalar.ts'
import { createData, type TensorData, type Tensors } from './tensor.ts'

/**
 * Wrong fields after which the rest of a request is not looked at: a body of empty records has a problem for every few bytes, and
 * all of them would fill the memory.
 */
const MOST_PROBLEMS = 1000

export interface EncodeOptions {
  /** Unknown fields, out-of-range numbers and unseen categories are problems, not only counted. */
  strict?: boolean
  /** `list` (the default) writes paths as `[3].bmi`; `record`, for a lone record, as `bmi`. */
  paths?: 'list' | 'record'
}

export type EncodedRecords =
  | { ok: true; rows: number; feeds: Tensors; anomalies: Anomaly[] }
  | { ok: false; problems: Problem[]; anomalies: Anomaly[] }

/** Turns records of named features into the tensors of one interface. */
export type RecordEncoder = (records: readonly unknown[], options?: EncodeOptions) => EncodedRecords

interface InputPlan {
  input: InputTensor
  columns: { name: string; encode: ColumnEncoder }[]
}

/**
 * An encoder for an interface whose inputs all have columns; throws an Error for any other. It returns tensors `[rows,
 * columns]`, or every wrong field of every record with its path (of a great many, the first):
 * - a wrong type, an absent or null field without `missing`, a number that is not finite after the cast to the tensor's
 *   type, a fraction where `integer` is set: always a problem;
 * - a label that is not in a label -> number map: always a problem, since there is no number to encode it as;
 * - an unknown field, a number out of range, a string that is not in the list of categories: an anomaly, and a problem when
 *   strict; null or absent with `missing`: NaN or the empty string, and an anomaly.
 */
export function createRecordEncoder(modelInterface: ModelInterface): RecordEncoder {
  if (!hasNamedFeatures(modelInterface)) throw new Error('the interface has inputs without named features')
  const plans: InputPlan[] = modelInterface.inputs.map((input) => ({
    input,
    columns: (input.columns ?? []).map((column) => ({
      name: column.name,
      encode: createColumnEncoder(column, input.datatype),
    })),
  }))
  const known = new Set(plans.flatMap(({ columns }) => columns.map(({ name }) => name)))

  return (records, { strict = false, paths = 'list' } = {}) => {
    const report = new EncodingReport(strict, paths)
    checkRowCount(modelInterface, records.length, report)
    for (let row = 0; row < records.length && !report.full; row++) checkRecord(records[row], row, known, report)
    if (report.malformed) return { ok: false, problems: report.problems, anomalies: report.counter.list() }
    const feeds: Tensors = {}
    for (const { input, columns } of plans) {
      if (report.full) break
      const data = createData(input.datatype, records.length * columns.length)
      encodeInput(columns, records as readonly Record<string, unknown>[], data, report)
      feeds[input.name] = { datatype: input.datatype, shape: [records.length, columns.length], data }
    }
    const anomalies = report.counter.list()
    if (report.problems.length > 0) return { ok: false, problems: report.problems, anomalies }
    return { ok: true, rows: records.length, feeds, anomalies }
  }
}

/** `createRecordEncoder` for one call; a server keeps the encoder. */
export function encodeRecords(
  modelInterface: ModelInterface,
  records: readonly unknown[],
  options?: EncodeOptions,
): EncodedRecords {
  return createRecordEncoder(modelInterface)(records, options)
}

class EncodingReport implements FieldReport {
  readonly problems: Problem[] = []
  readonly counter = new AnomalyCounter()
  /** A record is not an object at all, so that its fields cannot be looked at. */
  malformed = false
  row = 0
  field = ''
  private readonly strict: boolean
  private readonly paths: 'list' | 'record'

  constructor(strict: boolean, paths: 'list' | 'record') {
    this.strict = strict
    this.paths = paths
  }

  get full(): boolean {
    return this.problems.length >= MOST_PROBLEMS
  }

  recordPath(): string {
    return this.paths === 'list' ? `[${this.row}]` : ''
  }

  problem(message: string): void {
    this.problems.push({ path: propertyPath(this.recordPath(), this.field), message })
  }

  anomaly(kind: AnomalyKind, message?: string): void {
    this.counter.add(kind === 'unknown' ? UNKNOWN_FEATURE : this.field, kind)
    if (this.strict && message !== undefined) this.problem(message)
  }
}

function checkRowCount(modelInterface: ModelInterface, rows: number, report: EncodingReport): void {
  const fixed = modelInterface.inputs.map(({ shape }) => shape[0]).find((size) => typeof size === 'number')
  if (rows === 0) report.problems.push({ path: '', message: 'must hold at least one record' })
  else if (fixed !== undefined && rows !== fixed) {
    const message = `this model takes exactly ${fixed} record${fixed === 1 ? '' : 's'} in a request, got ${rows}`
    report.problems.push({ path: '', message })
  }
}

function checkRecord(record: unknown, row: number, known: ReadonlySet<string>, report: EncodingReport): void {
  report.row = row
  if (!isObject(record)) {
    report.malformed = true
    report.problems.push({ path: report.recordPath(), message: `must be an object, not ${typeName(record)}` })
    return
  }
  for (const field of Object.keys(record)) {
    if (known.has(field)) continue
    report.field = field
    report.anomaly('unknown', 'is not a feature of this model')
  }
}

function encodeInput(
  columns: InputPlan['columns'],
  records: readonly Record<string, unknown>[],
  data: TensorData,
  report: EncodingReport,
): void {
  const width = columns.length
  for (let row = 0; row < records.length && !report.full; row++) {
    const record = records[row] as Record<string, unknown>
    report.row = row
    for (let index = 0; index < width; index++) {
      const { name, encode } = columns[index] as InputPlan['columns'][number]
      report.field = name
      // `hasOwn`: a feature called "constructor" must not be found on the prototype.
      const element = encode(Object.hasOwn(record, name) ? record[name] : undefined, report)
      if (element !== undefined) data[row * width + index] = element
    }
  }
}
