import { createRequire } from 'node:module'

export interface CsvTable {
  columns: string[]
  /** Each as long as the heading. */
  rows: string[][]
}

/** A CSV file with a heading (RFC 4180), or what is wrong with it. */
export function parseCsv(text: string): CsvTable | { wrong: string } {
  // Loaded with the first file: most commands read none.
  const papa = createRequire(import.meta.url)('papaparse') as typeof import('papaparse')
  const { data, errors } = papa.parse<string[]>(text, { delimiter: ',', skipEmptyLines: true })
  const [error] = errors
  if (error) return { wrong: `row ${(error.row ?? 0) + 1}: ${error.message}` }
  const [columns, ...rows] = data
  if (!columns) return { wrong: 'it has no heading' }
  const ragged = rows.findIndex((row) => row.length !== columns.length)
  if (ragged >= 0)
    return { wrong: `row ${ragged + 2} has ${rows[ragged]?.length} fields, the heading ${columns.length}` }
  return { columns, rows }
}
