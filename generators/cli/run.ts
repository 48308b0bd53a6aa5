import { formatFindings } from '../checks/index.ts'
import { Failure } from '../findings/index.ts'
import { EXIT } from './output.ts'
import { createProgram } from './program.ts'

/** Runs one command and sets the exit code of the process; wrong usage ends the process. Never rejects. */
export async function runProgram(args: readonly string[]): Promise<void> {
  process.exitCode = EXIT.ok
  await createProgram()
    .parseAsync(args, { from: 'user' })
    .catch((error: unknown) => report(error, args.includes('--json')))
}

/** A user's mistake is told in words, and as JSON where a program asked; only a bug shows a stack trace. */
function report(error: unknown, json: boolean): void {
  if (!(error instanceof Failure)) {
    console.error(error)
    console.error('This is a bug in Modelyard: please report it with the lines above.')
    process.exitCode = EXIT.failure
    return
  }
  const { message, fix, findings } = error
  if (json) console.log(JSON.stringify({ error: { message, fix }, findings }, null, 2))
  process.stderr.write(formatFindings(findings, { colour: process.stderr.isTTY }))
  console.error(`error: ${message}`)
  if (fix !== undefined) console.error(`    ${fix}`)
  process.exitCode = findings.length > 0 ? EXIT.findings : EXIT.failure
}
