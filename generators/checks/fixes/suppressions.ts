import type { Finding } from '../../findings/index.ts'
import { normalized } from '../../text/index.ts'
import type { Edit } from './edit.ts'

const COMMENT = /[ \t]*#\s*modelyard-ignore\b.*$/

/** Removes the comments that suppress nothing: the whole line where nothing else stands on it. */
export function suppressionEdits(file: string, original: string, findings: readonly Finding[]): Edit[] {
  const unused = findings.filter((finding) => finding.rule === 'suppression-unused' && finding.file === file)
  if (unused.length === 0) return []
  const text = normalized(original)
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return unused.flatMap(({ line = 1 }): Edit[] => {
    const start = starts[line - 1] ?? text.length
    const next = starts[line] ?? text.length
    const content = text.slice(start, next).replace(/\n$/, '')
    const found = COMMENT.exec(content)
    // An annotation says why its object is as it is; whoever wrote it decides.
    if (!found) return []
    const isWhole = found.index === 0
    const range = isWhole ? { start, end: next } : { start: start + found.index, end: start + content.length }
    return [{ file, line, rule: 'suppression-unused', ...range, text: '', says: 'a comment that suppresses nothing' }]
  })
}
