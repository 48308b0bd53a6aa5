import type { Finding } from '../../findings/index.ts'
import { normalized, streamDirectives } from '../../yaml/index.ts'
import type { Edit } from './edit.ts'

/** Removes the comments that suppress nothing: the whole line where nothing else stands on it. */
export function suppressionEdits(file: string, original: string, findings: readonly Finding[]): Edit[] {
  // An annotation says why its object is as it is; whoever wrote it decides.
  const unused = new Set(
    findings.flatMap(({ rule, file: of, line }) => (rule === 'suppression-unused' && of === file ? [line] : [])),
  )
  if (unused.size === 0) return []
  const text = normalized(original)
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return streamDirectives(text)
    .filter(({ line }) => unused.has(line))
    .map(({ line, comment }): Edit => {
      const start = starts[line - 1] ?? text.length
      const next = starts[line] ?? text.length
      const before = text.slice(start, next).trimEnd().slice(0, -comment.trimEnd().length).trimEnd()
      const end = text.endsWith('\n', next) ? next - 1 : next
      const range = before === '' ? { start, end: next } : { start: start + before.length, end }
      return { file, line, rule: 'suppression-unused', ...range, text: '', says: 'a comment that suppresses nothing' }
    })
}
