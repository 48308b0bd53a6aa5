import { clip, escapeText, table } from './markdown.ts'
import type { GateResult } from './report.ts'

/** What fits a cell beside two others on a phone; longer text goes below the table. */
export const CELL = 28

/** Every gate in one table, what needs words below it. */
export function gatesSection({ gates }: { gates: readonly GateResult[] }): string {
  if (gates.length === 0) return '### Gates\n\nNone is defined.'
  const notes: string[] = []
  const rows = gates.map((gate) => {
    const long = gate.detail.length > CELL
    const text = joinClauses([...(long ? [gate.detail] : []), ...remarks(gate)])
    if (text !== '') notes.push(`(${notes.length + 1}) ${escapeText(clip(text, 300))}`)
    const mark = text === '' ? '' : `(${notes.length})`
    const shown = long ? mark : `${escapeText(gate.detail)} ${mark}`.trim()
    return [resultOf(gate), escapeText(clip(gate.name, 80)), shown]
  })
  // Two spaces end a line in Markdown without ending the paragraph.
  return ['### Gates', table(['', 'Gate', 'Result'], rows), ...(notes.length > 0 ? [notes.join('  \n')] : [])].join(
    '\n\n',
  )
}

/** Clauses as one sentence, whatever they end with: `Replayed: ... (111 rows); advisory, does not block.` */
function joinClauses(clauses: readonly string[]): string {
  const text = clauses.map((clause) => clause.trim().replace(/\.$/, '')).join('; ')
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function resultOf({ result, overridden }: GateResult): string {
  if (overridden !== undefined) return '**overridden**'
  return result === 'fail' ? '**fail**' : result
}

function remarks({ result, note, advisory, overridden }: GateResult): string[] {
  const blocks = result === 'fail' || result === 'unknown'
  return [
    ...(note === undefined || note === '' ? [] : [note]),
    ...(advisory && blocks ? ['advisory, does not block'] : []),
    ...(overridden === undefined ? [] : [`${result === 'fail' ? 'failed' : result}, overridden: ${overridden}`]),
  ]
}
