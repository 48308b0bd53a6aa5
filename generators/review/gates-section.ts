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
    const text = [...(long ? [gate.detail] : []), ...remarks(gate)].join('; ')
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

function resultOf({ result, overridden }: GateResult): string {
  if (overridden !== undefined) return '**overridden**'
  return result === 'fail' ? '**fail**' : result
}

function remarks({ result, note, advisory, overridden }: GateResult): string[] {
  const blocks = result === 'fail' || result === 'unknown'
  return [
    ...(note === undefined || note === '' ? [] : [note]),
    ...(advisory && blocks ? ['advisory, does not block'] : []),
    ...(overridden === undefined ? [] : [`${result}, overridden: ${overridden}`]),
  ]
}
