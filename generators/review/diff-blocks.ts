import { visibleLine } from '../text/index.ts'
import { codeBlock, inlineCode } from './markdown.ts'
import { count } from './numbers.ts'

interface FileDiff {
  /** Empty when the text names none. */
  path: string
  action: 'added' | 'changed' | 'removed'
  /** Hunks, as they are. */
  lines: string[]
}

/** Splits a unified diff into files. Counts the hunks' lines, since a removed line `-- x` looks like a file's header. */
function parseDiff(diff: string): FileDiff[] {
  const files: FileDiff[] = []
  const lines = diff.replace(/\n$/, '').split('\n')
  let before = 0
  let after = 0
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    const next = lines[index + 1] ?? ''
    const inside = before > 0 || after > 0
    if (!inside && line.startsWith('--- ') && next.startsWith('+++ ')) {
      files.push(header(line, next))
      index++
      continue
    }
    if (!inside && /^(diff --git|index |Index: |=+$|new file mode|deleted file mode)/.test(line)) continue
    const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line)
    if (hunk && !inside) {
      before = Number(hunk[1] ?? 1)
      after = Number(hunk[2] ?? 1)
    } else {
      if (/^[- ]/.test(line) || line === '') before--
      if (/^[+ ]/.test(line) || line === '') after--
    }
    if (files.length === 0) files.push({ path: '', action: 'changed', lines: [] })
    files.at(-1)?.lines.push(line)
  }
  return files
}

function header(from: string, to: string): FileDiff {
  const name = (line: string) => (line.slice(4).split('\t')[0] ?? '').replace(/^[ab]\//, '')
  const action = name(from) === '/dev/null' ? 'added' : name(to) === '/dev/null' ? 'removed' : 'changed'
  return { path: action === 'removed' ? name(from) : name(to), action, lines: [] }
}

/** `2 files, 14 lines`: lines that were added or removed. */
export function diffSize(diff: string): string {
  if (diff.trim() === '') return 'nothing'
  const files = parseDiff(diff)
  const changed = files.flatMap(({ lines }) => lines).filter((line) => /^[+-]/.test(line))
  return `${count(files.length, 'file')}, ${count(changed.length, 'line')}`
}

/**
 * A unified diff as Markdown, a block for each file with its path above, at most `budget` characters long; what was left
 * out is said. Lines stay whole: a block scrolls inside itself, and a folded line would be none of the file's.
 */
export function diffBlocks(diff: string, budget: number): string {
  if (diff.trim() === '') return 'Nothing.'
  const rest = "\n\nThe rest is cut here; the pull request's files have it whole."
  const blocks: string[] = []
  let left = budget - rest.length
  for (const { path, action, lines } of parseDiff(diff)) {
    const title = path === '' ? '' : `${action} ${inlineCode(path)}\n`
    const printable = lines.map((line) => visibleLine(line.replaceAll('\t', ' ')))
    // Two fences, their language and line ends; a fence grows with the backticks inside, which are rare.
    const shown = fitting(printable, left - title.length - 2 * (longestFence(lines) + 8))
    if (shown.length > 0) blocks.push(`${title}${codeBlock(shown, 'diff')}`)
    // An empty file, or one whose mode alone changed.
    else if (lines.length === 0 && title.length < left) blocks.push(title.trimEnd())
    if (shown.length < lines.length) return `${blocks.join('\n\n')}${rest}`.trim()
    left -= (blocks.at(-1)?.length ?? 0) + 2
  }
  return blocks.join('\n\n')
}

function fitting(lines: readonly string[], budget: number): readonly string[] {
  let size = 0
  const end = lines.findIndex((line) => {
    size += line.length + 1
    return size > budget
  })
  return end === -1 ? lines : lines.slice(0, end)
}

function longestFence(lines: readonly string[]): number {
  return Math.max(3, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length + 1)))
}
