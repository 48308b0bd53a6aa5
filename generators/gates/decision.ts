import type { ModelInterface } from 'modelyard-serving/contract'
import type { Prediction } from 'modelyard-serving/session'

/** How a model's answer is read by a reviewer: as a class, or as a number. */
export type Decision =
  | {
      kind: 'class'
      output: string
      read(prediction: Prediction): string
      /** Labels of the probabilities, and the probability of one; absent where the graph gives classes alone. */
      probabilities?: { labels: string[]; of(prediction: Prediction, label: string): number }
    }
  | { kind: 'number'; output: string; read(prediction: Prediction): number }

/**
 * The answer that two versions are compared by: of the output that model.ts names, otherwise of the one that the former version is read
 * by, since the order of outputs means nothing. Undefined when that output is gone, or no output is a number or a class.
 */
export function comparedDecision(
  { champion, candidate }: { champion?: ModelInterface; candidate: ModelInterface },
  row: { champion: Prediction; candidate: Prediction } | undefined,
  { output }: { output?: string } = {},
): Decision | undefined {
  const name = output ?? (champion && decisionOf(champion, row?.champion)?.output)
  const outputs = candidate.outputs.filter((one) => name === undefined || one.name === name)
  return decisionOf({ ...candidate, outputs }, row?.candidate)
}

/** Classes before numbers, and the first of either. Undefined when no output is a number or a class. */
function decisionOf({ outputs }: ModelInterface, example: Prediction | undefined): Decision | undefined {
  const scored = outputs.find(({ labels }) => labels)
  const named = outputs.find(({ datatype }) => datatype === 'string')
  const decided = scored ?? named
  if (decided) {
    const { name, labels } = decided
    return {
      kind: 'class',
      output: name,
      read: (prediction) => classOf(prediction[name]),
      ...(labels && {
        probabilities: {
          labels,
          of: (prediction, label) => Number((prediction[name] as Record<string, number>)[label]),
        },
      }),
    }
  }
  const numeric = outputs.find(({ name }) => typeof example?.[name] === 'number')
  return numeric && { kind: 'number', output: numeric.name, read: (prediction) => Number(prediction[numeric.name]) }
}

/** The label of the largest probability, or the value itself. */
function classOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value)
  const entries = Object.entries(value as Record<string, number>)
  return entries.reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['', Number.NEGATIVE_INFINITY])[0]
}

/** By how an output's unit changed from one version to the next: numbers of both are not subtracted. Outputs go by name. */
export function unitChange(before: ModelInterface, after: ModelInterface, output?: string): string | undefined {
  for (const { name, unit } of after.outputs) {
    const former = before.outputs.find((one) => one.name === name)
    if (!former || former.unit === unit || (output !== undefined && name !== output)) continue
    return `unit changed from ${former.unit ?? 'none'} to ${unit ?? 'none'}`
  }
  return undefined
}
