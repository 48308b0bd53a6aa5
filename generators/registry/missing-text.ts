import { type GoldenSamples, type InputTensor, type ModelInterface, missingTextOf } from 'modelyard-serving/contract'
import { checkGoldenSamples, type Session } from 'modelyard-serving/session'
import type { Finding } from '../findings/index.ts'

/** What frameworks write for a missing text. */
const MISSING_TEXTS = ['', 'nan', 'NaN', 'None', 'missing', 'null', '<NA>']

const textsOf = ({ inputs }: ModelInterface) => inputs.filter(({ datatype }) => datatype === 'string')

/** Texts that may be missing and that no sample leaves out: nothing shows that the graph takes what the server gives it. */
export function unprovedMissingTexts(modelInterface: ModelInterface, samples: GoldenSamples, file: string): Finding[] {
  return textsOf(modelInterface).flatMap((input) =>
    (input.columns ?? []).flatMap((column, index): Finding[] => {
      const { name, missing } = column
      if (!missing || samples.samples.some((sample) => leavesOut(sample, input, index))) return []
      const text = JSON.stringify(missingTextOf(column))
      return [
        {
          rule: 'missing-text-unproved',
          severity: 'warning',
          message: `${name} may be missing, and no golden sample leaves it out: nothing shows that the graph takes ${text} for a missing text`,
          file,
          fix: `Add a sample with ${JSON.stringify(name)}: null; say missingText in model.ts where the graph takes another text.`,
        },
      ]
    }),
  )
}

/** True where a record has no value for a column, or a tensor has the text that the server writes for a missing one. */
function leavesOut(
  { features, tensors }: GoldenSamples['samples'][number],
  { name, columns = [] }: InputTensor,
  index: number,
): boolean {
  const column = columns[index]
  if (column === undefined) return false
  if (features !== undefined) return (features[column.name] ?? null) === null
  const data = tensors?.[name]?.data ?? []
  return data.some((value, at) => at % columns.length === index && value === missingTextOf(column))
}

/** Where another text for missing values makes every sample pass, says which. */
export async function missingTextHint(
  session: Session,
  modelInterface: ModelInterface,
  samples: GoldenSamples,
): Promise<string | undefined> {
  if (!textsOf(modelInterface).some(({ columns = [] }) => columns.some(({ missing }) => missing))) return undefined
  for (const missingText of MISSING_TEXTS) {
    const inputs = modelInterface.inputs.map((input) => {
      if (input.datatype !== 'string' || input.columns === undefined) return input
      const columns = input.columns.map((column) => (column.missing ? { ...column, missingText } : column))
      return { ...input, columns }
    })
    const { passed } = await checkGoldenSamples(session, { ...modelInterface, inputs }, samples)
    if (passed) return `Say missingText: ${JSON.stringify(missingText)} in model.ts: with it every sample passes.`
  }
  return undefined
}
