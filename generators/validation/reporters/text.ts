import { styleText } from 'node:util'
import type { Finding, Severity } from '../../findings/index.ts'
import { visibleLine, visibleText } from '../../text/index.ts'

const COLOUR = { error: 'red', warning: 'yellow', info: 'cyan' } as const

/** One paragraph a finding: place, severity, message, rule; then the repair. */
export function formatFindings(findings: readonly Finding[], options: { colour: boolean }): string {
  const paint = (colour: Parameters<typeof styleText>[0], text: string) =>
    options.colour ? styleText(colour, text, { validateStream: false }) : text
  return findings
    .map(({ file, line, column, severity, message, rule, fix }) => {
      const place = [file === undefined ? undefined : visibleLine(file), line, column]
        .filter((part) => part !== undefined)
        .join(':')
      const head = `${place === '' ? '' : `${paint('bold', place)} `}${paint(COLOUR[severity], severity)} ${lines(message)} ${paint('dim', `[${rule}]`)}`
      return fix === undefined ? `${head}\n` : `${head}\n    ${paint('dim', lines(fix))}\n`
    })
    .join('')
}

/** Lines after the first are indented: none looks like a finding of its own. */
function lines(text: string): string {
  return visibleText(text).replaceAll('\n', '\n    ')
}

/** `2 errors, 1 warning`; `no findings` when there are none. */
export function countFindings(findings: readonly Finding[]): string {
  const counts = (['error', 'warning', 'info'] as const).flatMap((severity: Severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length
    return count === 0 ? [] : [`${count} ${severity}${count === 1 || severity === 'info' ? '' : 's'}`]
  })
  return counts.length === 0 ? 'no findings' : counts.join(', ')
}
