/**
 * A pull request's body for reading in a terminal: the same words, without Markdown's signs. Tables are aligned, folded parts
 * open with their title, the hidden block is left out.
 * @param options.fold folded parts stay folded, as a browser shows them first: only their titles stand there
 */
export function formatForTerminal(body: string, { fold = false }: { fold?: boolean } = {}): string {
  const text = fold ? body.replace(/^(<details><summary>.*<\/summary>)\n[\s\S]*?^<\/details>$/gm, '$1') : body
  const lines: string[] = []
  let fence: string | undefined
  let rows: string[][] = []
  const flush = () => {
    lines.push(...align(rows))
    rows = []
  }
  for (const line of text.split('\n')) {
    const mark = /^(`{3,})\w*$/.exec(line)?.[1]
    if (fence !== undefined) {
      if (line === fence) fence = undefined
      else lines.push(`    ${line}`)
    } else if (mark !== undefined) {
      flush()
      fence = mark
    } else if (/^\|/.test(line)) {
      if (!/^\|(-+\|)+$/.test(line)) rows.push(cells(line))
    } else {
      flush()
      const text = prose(line)
      if (text !== undefined) lines.push(text)
    }
  }
  flush()
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`
}

function prose(line: string): string | undefined {
  if (/^<!-- .* -->$/.test(line) || line === '</details>') return undefined
  const summary = /^<details><summary>(.*)<\/summary>$/.exec(line)?.[1]
  if (summary !== undefined)
    return `+ ${summary.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')}`
  return inline(line.replace(/^#+ /, '').replace(/^> ?/, '  ').trimEnd())
}

/** Emphasis and code marks go, escapes become what they stand for. */
function inline(text: string): string {
  return text.replace(
    /\\([!-/:-@[-`{-~])|\*\*|(`+)( ?)(.*?)\3\2|\u200b/g,
    (_, escaped?: string, __?: string, ___?: string, code?: string) => {
      return escaped ?? code ?? ''
    },
  )
}

function cells(line: string): string[] {
  return line
    .replace(/^\| ?| ?\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => inline(cell.trim().replaceAll('\\|', '|')))
}

function align(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}
