import type { Failure } from '../findings/index.ts'
import { formatFindings } from '../validation/index.ts'
import { EXIT } from './output.ts'
import { writeText } from './write.ts'

/** A user's mistake, or something outside: told in words on standard error. Sets the exit code of the process. */
export function reportFailure({ message, fix, findings, details }: Failure): void {
  const { stderr } = process
  const colour = stderr.isTTY
  if (details !== undefined) writeText(stderr, `${details}\n`, false)
  writeText(stderr, formatFindings(findings, { colour }), colour)
  writeText(stderr, `error: ${message}\n`, false)
  if (fix !== undefined) writeText(stderr, `    ${fix}\n`, false)
  process.exitCode = findings.length > 0 ? EXIT.findings : EXIT.failure
}

/** The same for a program. */
export function failureData({ message, fix, findings, data }: Failure): object {
  return { error: { message, fix }, findings, ...data }
}
