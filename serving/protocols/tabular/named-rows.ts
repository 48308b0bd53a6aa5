import { type Column, type ModelInterface, namedFeatures } from '../../contract/index.ts'
import { isObject, type Problem } from '../../session/index.ts'

/**
 * Turns rows as other protocols write them into the records that `/predict` takes. A row is a record by feature or by input, a
 * list of values in the order of the features, or the one value of a model with one feature. A category with a label -> number
 * map may also be given as its number, which is what the graph takes and what clients of other servers send.
 */
export type RowReader = (row: unknown, path: string, problems: Problem[]) => unknown

const readers = new WeakMap<ModelInterface, RowReader>()

/** The reader for an interface whose inputs all have columns. */
export function rowReader(modelInterface: ModelInterface): RowReader {
  const reader = readers.get(modelInterface) ?? createRowReader(modelInterface)
  readers.set(modelInterface, reader)
  return reader
}

function createRowReader(modelInterface: ModelInterface): RowReader {
  const features = namedFeatures(modelInterface)
  const columnsOf = new Map(modelInterface.inputs.map(({ name, columns = [] }) => [name, columns]))
  const missing = new Set(features.filter((feature) => feature.missing).map(({ name }) => name))
  const labels = new Map(features.map((feature) => [feature.name, labelsByCode(feature)]))

  function readValue(name: string, value: unknown): unknown {
    // Columns of shape [batch, 1] come with the list of their second dimension from clients that think in tensors.
    const single = Array.isArray(value) && value.length === 1 ? value[0] : value
    if (typeof single === 'number') return labels.get(name)?.get(single) ?? single
    // pandas' missing value, which Python writes bare and `parseJsonWithNumbers` reads as text.
    return single === 'NaN' && missing.has(name) ? null : single
  }

  function* fieldsOf(row: object): Generator<[string, unknown]> {
    const byInput = Object.keys(row).every((name) => columnsOf.has(name))
    for (const [name, value] of Object.entries(row)) {
      const columns = byInput ? (columnsOf.get(name) ?? []) : []
      const values = Array.isArray(value) ? value : [value]
      if (columns.length === 0 || values.length !== columns.length) yield [name, readValue(name, value)]
      else for (const [index, column] of columns.entries()) yield [column.name, readValue(column.name, values[index])]
    }
  }

  return (row, path, problems) => {
    if (isObject(row)) return Object.fromEntries(fieldsOf(row))
    const values = Array.isArray(row) ? row : features.length === 1 ? [row] : undefined
    if (values?.length === features.length) {
      return Object.fromEntries(features.map(({ name }, index) => [name, readValue(name, values[index])]))
    }
    const names = features.map(({ name }) => name).join(', ')
    const got = values === undefined ? 'no list' : `${values.length}`
    problems.push({ path, message: `must be an object, or a list of ${features.length} values (${names}), got ${got}` })
    return undefined
  }
}

function labelsByCode({ categories }: Column): Map<number, string> | undefined {
  if (categories === undefined || Array.isArray(categories)) return undefined
  return new Map(Object.entries(categories).map(([label, code]) => [code, label]))
}
