import { Failure } from '../findings/index.ts'
import { EXIT } from './output.ts'
import { createProgram } from './program.ts'
import { failureData, reportFailure } from './report-failure.ts'

/** Runs one command and sets the exit code of the process; wrong usage ends the process. Never rejects. */
export async function runProgram(args: readonly string[]): Promise<void> {
  process.exitCode = EXIT.ok
  const program = await createProgram(args)
  await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => report(error, wantsJson(args)))
}

/** A user's mistake is told in words, and as JSON where a program asked; only a bug shows a stack trace. */
function report(error: unknown, json: boolean): void {
  if (!(error instanceof Failure)) {
    console.error(error)
    console.error('This is a bug in Modelyard: please report it with the lines above.')
    process.exitCode = EXIT.failure
    return
  }
  if (json) console.log(JSON.stringify(failureData(error), null, 2))
  reportFailure(error)
}

function wantsJson(args: readonly string[]): boolean {
  return args.includes('--json') || args.includes('--format=json') || args[args.indexOf('--format') + 1] === 'json'
}
