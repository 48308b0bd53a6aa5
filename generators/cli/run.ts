import { Failure } from '../findings/index.ts'
import { EXIT } from './output.ts'
import { createProgram } from './program.ts'
import { failureData, reportFailure } from './report-failure.ts'
import { writeData, writeText } from './write.ts'

/** Runs one command and sets the exit code of the process; wrong usage ends the process. Never rejects. */
export async function runProgram(args: readonly string[]): Promise<void> {
  process.exitCode = EXIT.ok
  const program = await createProgram(args)
  await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => report(error, wantsJson(args)))
}

/** A user's mistake is told in words, and as JSON where a program asked; only a bug shows a stack trace. */
function report(error: unknown, json: boolean): void {
  if (!(error instanceof Failure)) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
    writeText(process.stderr, `${said}\nThis is a bug in Modelyard: please report it with the lines above.\n`, false)
    process.exitCode = EXIT.failure
    return
  }
  if (json) writeData(failureData(error))
  reportFailure(error)
}

function wantsJson(args: readonly string[]): boolean {
  return args.includes('--json') || args.includes('--format=json') || args[args.indexOf('--format') + 1] === 'json'
}
