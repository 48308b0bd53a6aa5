import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Column, type ModelInterface, namedFeatures } from 'modelyard-serving/contract'
import type { EvaluationRows, VersionFile } from '../definitions/index.ts'
import { paths, type Repository } from '../repository/index.ts'
import { parseCsv } from '../text/index.ts'

/** One row that both versions are asked. */
export interface ReplayRow {
  /** `row 12`, counted from 1, or the id of a golden sample. */
  id: string
  features: Record<string, number | string | null>
  /** What was right; absent where nothing says. */
  truth?: string
}

/**
 * The rows that a version's metrics were measured on: the file that has the digest of its evaluation data set, so that no other can
 * stand in for it. Or why they are not here.
 */
export async function evaluationRows(
  repository: Repository,
  { model, evaluation, interface: modelInterface }: VersionFile,
  reading: EvaluationRows | undefined,
): Promise<ReplayRow[] | { unknown: string }> {
  const { sha256 } = evaluation.dataset
  if (sha256 === undefined) return { unknown: 'the evaluation data set has no digest' }
  const file = paths.evaluation(model, sha256)
  const content = await readFile(join(repository.root, file)).catch(() => undefined)
  if (!content) return { unknown: `the evaluation rows are not here (${file})` }
  const text = [content.toString('utf8'), content.toString('utf8').replaceAll('\r\n', '\n')].find(
    // `core.autocrlf` checks a file out with other line ends than the ones that were measured on.
    (candidate) => createHash('sha256').update(candidate).digest('hex') === sha256,
  )
  if (text === undefined) return { unknown: `${file} does not have the digest of its name` }
  const table = parseCsv(text)
  if ('wrong' in table) return { unknown: `${file}: ${table.wrong}` }
  const truth = reading && table.columns.indexOf(reading.truth)
  if (truth === -1) return { unknown: `${file} has no column ${reading?.truth}, which model.ts names as the truth` }
  const features = namedFeatures(modelInterface).map((column) => ({ column, at: table.columns.indexOf(column.name) }))
  return table.rows.map((cells, index) => ({
    id: `row ${index + 1}`,
    features: Object.fromEntries(features.flatMap(({ column, at }) => entry(column, cells[at]))),
    ...(truth !== undefined && { truth: cells[truth] ?? '' }),
  }))
}

/** A cell as a caller would send it: an empty one is a missing value, a column that the file lacks an absent field. */
function entry(column: Column, cell: string | undefined): [string, number | string | null][] {
  if (cell === undefined) return []
  if (cell === '') return [[column.name, null]]
  if (column.kind === 'number') return [[column.name, Number(cell)]]
  return [[column.name, labelOf(column, cell)]]
}

/** Training tables often hold the code of a category where callers send its label. */
function labelOf({ categories = {} }: Column, cell: string): string {
  if (Array.isArray(categories) || Object.hasOwn(categories, cell)) return cell
  return Object.keys(categories).find((label) => categories[label] === Number(cell)) ?? cell
}

/** Features that a reviewer wants to see apart: those with declared categories. */
export function sliceFeatures(modelInterface: ModelInterface): string[] {
  return namedFeatures(modelInterface).flatMap(({ name, kind }) => (kind === 'category' ? [name] : []))
}
