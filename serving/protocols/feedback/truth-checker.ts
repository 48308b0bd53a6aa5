import type { ModelInterface, OutputTensor } from '../../contract/index.ts'
import type { TruthKind } from '../../prediction-log/index.ts'
import { scalarOf, typeName } from '../../session/index.ts'

/** How the truth of one output is judged. */
export interface TruthChecker {
  kind: TruthKind
  /** Why the value cannot be a truth of this output, as a clause. */
  problem(value: unknown): string | undefined
}

const MOST_LABELS_LISTED = 20

/**
 * By name of the output: one of its labels where it has labels, else a value of its type. Outputs that are neither labelled
 * nor one value a row have no truth that a prediction could be compared to: null.
 */
export function truthCheckers({ outputs }: ModelInterface): Map<string, TruthChecker | null> {
  return new Map(outputs.map((output) => [output.name, checkerOf(output)]))
}

function checkerOf({ datatype, shape, labels }: OutputTensor): TruthChecker | null {
  if (labels !== undefined) {
    const known = new Set<unknown>(labels)
    const all = labels.map((label) => JSON.stringify(label))
    const more = all.length > MOST_LABELS_LISTED ? ` and ${all.length - MOST_LABELS_LISTED} more` : ''
    const expected = `must be one of ${all.slice(0, MOST_LABELS_LISTED).join(', ')}${more}`
    return {
      kind: 'class',
      problem: (value) => (known.has(value) ? undefined : `${expected}, not ${shown(value)}`),
    }
  }
  if (shape.slice(1).some((size) => size !== 1)) return null
  const scalar = scalarOf(datatype)
  return { kind: datatype.startsWith('float') ? 'number' : 'class', problem: scalar.problem }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : typeName(value)
}
