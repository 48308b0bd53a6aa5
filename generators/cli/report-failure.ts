import type { Failure } from '../findings/index.ts'
import { formatFindings } from '../validation/index.ts'
import { EXIT } from './output.ts'

/** A user's mistake, or something outside: told in words on standard error. Sets the exit code of the process. */
export function reportFailure({ message, fix, findings, details }: Failure): void {
  if (details !== undefined) process.stderr.write(`${details}\n`)
  process.stderr.write(formatFindings(findings, { colour: process.stderr.isTTY }))
  console.error(`error: ${message}`)
  if (fix !== undefined) console.error(`    ${fix}`)
  process.exitCode = findings.length > 0 ? EXIT.findings : EXIT.failure
}

/** The same for a program. */
export function failureData({ message, fix, findings, data }: Failure): object {
  return { error: { message, fix }, findings, ...data }
}
