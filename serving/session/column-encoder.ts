import { type Column, type Datatype, missingTextOf } from '../contract/index.ts'
import type { AnomalyKind } from './anomalies.ts'
import { columnProblem } from './compare-interface.ts'
import { digitsProblem, longIntegerFromText } from './number-text.ts'
import { type Scalar, scalarOf, typeName } from './scalar.ts'

/** Takes what is wrong with one field of one record. */
export interface FieldReport {
  problem(message: string): void
  /** `message` is the problem that it is when the version is strict; absent when it never is one. */
  anomaly(kind: AnomalyKind, message?: string): void
}

/** Encodes one field, undefined when the record has no such field. Returns undefined when it has reported why it cannot. */
export type ColumnEncoder = (value: unknown, report: FieldReport) => number | bigint | string | undefined

const MOST_LABELS_LISTED = 20

/** An encoder for a column in a tensor of `datatype`; throws for a column that `compareInterface` refuses. */
export function createColumnEncoder(column: Column, datatype: Datatype): ColumnEncoder {
  const wrong = columnProblem(column, datatype)
  if (wrong !== undefined) throw new Error(wrong)
  const scalar = scalarOf(datatype)
  const encode = column.kind === 'number' ? numberEncoder(column, datatype) : categoryEncoder(column, scalar)
  const missing = datatype === 'string' ? missingTextOf(column) : scalar.missing
  return (value, report) => {
    if (value !== undefined && value !== null) return encode(value, report)
    if (column.missing && missing !== undefined) {
      report.anomaly('missing')
      return missing
    }
    report.problem(value === null ? 'must not be null' : 'is required')
    return undefined
  }
}

function numberEncoder(column: Column, datatype: Datatype): ColumnEncoder {
  const scalar = scalarOf(datatype)
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, integer = false } = column
  const unit = column.unit === undefined ? '' : ` ${column.unit}`
  return (given, report) => {
    const long = typeof given === 'string' ? longIntegerFromText(given, datatype) : undefined
    const wrong = long === undefined ? scalar.problem(given) : undefined
    if (wrong !== undefined) {
      report.problem((typeof given === 'string' ? digitsProblem(given, datatype) : undefined) ?? wrong)
      return undefined
    }
    const value = long ?? given
    if (typeof value === 'number' || typeof value === 'bigint') {
      if (integer && typeof value === 'number' && !Number.isInteger(value)) {
        report.problem(`must be a whole number, got ${value}`)
      }
      if (value < min) report.anomaly('out_of_range', `must be at least ${min}${unit}, got ${value}`)
      else if (value > max) report.anomaly('out_of_range', `must be at most ${max}${unit}, got ${value}`)
    }
    return long ?? scalar.encode(value)
  }
}

function categoryEncoder(column: Column, scalar: Scalar): ColumnEncoder {
  const { categories } = column
  if (categories === undefined || Array.isArray(categories)) {
    const known = categories === undefined ? undefined : new Set(categories)
    return (value, report) => {
      const wrong = scalar.problem(value)
      if (wrong !== undefined) {
        report.problem(wrong)
        return undefined
      }
      const text = value as string
      if (known !== undefined && !known.has(text)) report.anomaly('unseen_category', mustBeOneOf(known, text))
      return text
    }
  }
  const codes = new Map(Object.entries(categories).map(([label, code]) => [label, scalar.encode(code)]))
  return (value, report) => {
    const code = typeof value === 'string' ? codes.get(value) : undefined
    if (code !== undefined) return code
    // There is no number for a label that the map does not know, so it is refused whether or not the version is strict.
    if (typeof value === 'string') report.anomaly('unseen_category')
    report.problem(mustBeOneOf(codes.keys(), value))
    return undefined
  }
}

function mustBeOneOf(labels: Iterable<string>, value: unknown): string {
  const all = [...labels].map((label) => JSON.stringify(label))
  const listed = all.slice(0, MOST_LABELS_LISTED).join(', ')
  const more = all.length > MOST_LABELS_LISTED ? ` and ${all.length - MOST_LABELS_LISTED} more` : ''
  const got = typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : typeName(value)
  return `must be one of ${listed}${more}, got ${got}`
}
