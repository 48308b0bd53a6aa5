import { stderr, stdout } from 'node:process'
import { styleText } from 'node:util'
import { type Finding, hasErrors, RULES } from '../findings/index.ts'
import { countFindings, formatFindings } from '../validation/index.ts'
import { writeData, writeText } from './write.ts'

/** Exit codes of every command. */
export const EXIT = { ok: 0, findings: 1, failure: 2 } as const

export interface OutputOptions {
  json: boolean
  quiet: boolean
}

/** Where commands write: results to standard output, progress to standard error, JSON instead of text when asked. */
export interface Output {
  readonly json: boolean
  /** One line of result for a person; nothing with `--json` or `--quiet`. */
  line(text?: string): void
  /** Text that is the result itself, as it is, `--quiet` or not; nothing with `--json`. */
  raw(text: string): void
  /** A whole report in a format for programs, which has seen to what is in it; nothing with `--json`. */
  report(text: string): void
  /** The result for a program; nothing without `--json`. */
  data(value: unknown): void
  findings(findings: readonly Finding[]): void
  /** Shows what is being done while it takes more than a second, on a terminal only. */
  during<T>(label: string, work: () => Promise<T>): Promise<T>
  bold(text: string): string
  dim(text: string): string
}

export function createOutput({ json, quiet }: OutputOptions): Output {
  const colour = stdout.isTTY && process.env['NO_COLOR'] === undefined
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text
  return {
    json,
    line: (text = '') => {
      if (!json && !quiet) writeText(stdout, `${text}\n`, colour)
    },
    raw: (text) => {
      if (!json) writeText(stdout, text, colour)
    },
    report: (text) => {
      if (!json) stdout.write(text)
    },
    data: (value) => {
      if (json) writeData(value)
    },
    findings: (findings) => {
      if (!json && findings.length > 0) writeText(stdout, formatFindings(findings, { colour }), colour)
    },
    during: (label, work) => (stderr.isTTY && !json && !quiet ? withSpinner(label, work) : work()),
    bold: (text) => style('bold', text),
    dim: (text) => style('dim', text),
  }
}

/** 1 with errors, 2 when something could not be checked, else 0. */
export function exitCodeOf(findings: readonly Finding[]): number {
  if (hasErrors(findings)) return EXIT.findings
  return findings.some(({ rule }) => 'couldNotCheck' in RULES[rule]) ? EXIT.failure : EXIT.ok
}

export { countFindings }

async function withSpinner<T>(label: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now()
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000)
    if (seconds >= 1) stderr.write(`\r${label} ... ${seconds} s`)
  }, 500)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    stderr.write(`\r${' '.repeat(label.length + 12)}\r`)
  }
}
