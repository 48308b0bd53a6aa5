import { setImmediate } from 'node:timers/promises'
import Papa from 'papaparse'
import { type Column, type Datatype, type ModelInterface, namedFeatures } from '../../contract/index.ts'
import { wrongFields } from '../http-problem.ts'
import { type Frame, WRONG_TABLE } from '../tabular/prepare.ts'
import { csvPieces } from './csv-pieces.ts'

/** What pandas reads as missing (`read_csv`, `na_values`). */
const MISSING = new Set(
  ',#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,None,n/a,nan,null'.split(','),
)

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i

/** A row takes several times its text in memory, and a file of the shortest rows would take a pod's. */
const MOST_ROWS = 500_000

/** Read between two turns of the event loop, UTF-16 units: about 3 ms. */
const PIECE = 65_536

/** A table of texts; which of them are numbers only the columns of a version can say. */
export interface CsvTable {
  columns: string[]
  rows: string[][]
}

/**
 * Reads a CSV file with a header (RFC 4180: quoted fields, doubled quotes, line breaks in quotes) as `DataFrame.to_csv` writes it.
 * A first column without a name is its index and left out. Rejects with a 400 that names the first wrong row. A large file is
 * read in turns: others are answered meanwhile.
 */
export async function readCsv(text: string): Promise<CsvTable> {
  const all: string[][] = []
  for (const { text: piece, wrong } of csvPieces(text.startsWith('\ufeff') ? text.slice(1) : text, PIECE)) {
    for (const row of parseRows(piece.slice(0, wrong?.from))) all.push(row)
    if (wrong !== undefined) throw wrongRow(all.length, wrong.message)
    if (all.length > MOST_ROWS) throw wrongFile(`has more than ${MOST_ROWS} rows; send it in parts`)
    if (piece.length >= PIECE) await setImmediate()
  }
  const [header, ...rows] = all
  if (header === undefined) throw wrongFile('has no header')
  const wrong = rows.findIndex((row) => row.length !== header.length)
  if (wrong !== -1) {
    throw wrongRow(wrong + 1, `has ${rows[wrong]?.length} fields, but the header ${header.length}`)
  }
  const start = header[0] === '' && header.length > 1 ? 1 : 0
  return { columns: header.slice(start), rows: rows.map((row) => row.slice(start)) }
}

function parseRows(text: string): string[][] {
  return Papa.parse<string[]>(text, { delimiter: ',', skipEmptyLines: true }).data
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

function wrongFile(message: string) {
  return wrongFields(WRONG_TABLE, [{ path: 'the CSV file', message }])
}

function wrongRow(row: number, message: string) {
  return wrongFields(WRONG_TABLE, [{ path: row === 0 ? 'the header' : `row ${row}`, message }])
}
