import Papa from 'papaparse'
import { type Column, type Datatype, type ModelInterface, namedFeatures } from '../../contract/index.ts'
import { wrongFields } from '../http-problem.ts'
import { type Frame, WRONG_TABLE } from '../tabular/prepare.ts'

/** What pandas reads as missing (`read_csv`, `na_values`). */
const MISSING = new Set(
  ',#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,None,n/a,nan,null'.split(','),
)

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i

/** A table of texts; which of them are numbers only the columns of a version can say. */
export interface CsvTable {
  columns: string[]
  rows: string[][]
}

/**
 * Reads a CSV file with a header (RFC 4180: quoted fields, doubled quotes, line breaks in quotes) as `DataFrame.to_csv` writes it.
 * A first column without a name is its index and left out. Throws a 400 that names the first wrong row.
 */
export function readCsv(text: string): CsvTable {
  const { data, errors } = Papa.parse<string[]>(text, { delimiter: ',', skipEmptyLines: true })
  const [error] = errors
  if (error !== undefined) throw wrongRow(error.row ?? 0, 'has a quoted field that is not closed as it should be')
  const [header, ...rows] = data
  if (header === undefined) throw wrongFields(WRONG_TABLE, [{ path: 'the CSV file', message: 'has no header' }])
  const wrong = rows.findIndex((row) => row.length !== header.length)
  if (wrong !== -1) {
    throw wrongRow(wrong + 1, `has ${rows[wrong]?.length} fields, but the header ${header.length}`)
  }
  const start = header[0] === '' && header.length > 1 ? 1 : 0
  return { columns: header.slice(start), rows: rows.map((row) => row.slice(start)) }
}

/** The table with each text as what its column holds: numbers, booleans, null where it is missing, or the text. */
export function typedFrame({ columns, rows }: CsvTable, modelInterface: ModelInterface): Frame {
  const { inputs } = modelInterface
  const features = new Map(namedFeatures(modelInterface).map((column) => [column.name, column]))
  const readers = columns.map((name) => {
    const input = inputs.find(({ columns: own = [] }) => own.some((column) => column.name === name))
    const tensor = input ?? (inputs.length > 1 ? inputs.find((other) => other.name === name) : inputs[0])
    return cellReader(tensor?.datatype ?? 'string', features.get(name))
  })
  return { columns, rows: rows.map((row) => row.map((text, index) => readers[index]?.(text))) }
}

function cellReader(datatype: Datatype, column: Column | undefined): (text: string) => unknown {
  const { categories, missing = false } = column ?? {}
  const isText = datatype === 'string' || (column?.kind === 'category' && categories === undefined)
  if (isText) return (text) => (missing && MISSING.has(text) ? null : text)
  const labels = categories === undefined || Array.isArray(categories) ? {} : categories
  return (text) => {
    if (Object.hasOwn(labels, text)) return text
    if (MISSING.has(text)) return null
    if (datatype === 'bool' && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
    return NUMBER.test(text) ? Number(text) : text
  }
}

function wrongRow(row: number, message: string) {
  return wrongFields(WRONG_TABLE, [{ path: row === 0 ? 'the header' : `row ${row}`, message }])
}
