#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { formatFindings } from '../checks/index.ts'
import { Failure } from '../findings/index.ts'
import { demoCommand } from './commands/demo.ts'
import { diffCommand } from './commands/diff.ts'
import { explainCommand } from './commands/explain.ts'
import { promoteCommand } from './commands/promote.ts'
import { registerCommand } from './commands/register.ts'
import { rollbackCommand } from './commands/rollback.ts'
import { serveCommand } from './commands/serve.ts'
import { synthCommand } from './commands/synth.ts'
import { validateCommand } from './commands/validate.ts'
import { EXIT } from './output.ts'

function createProgram(): Command {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('modelyard')
    .description(
      'Machine-learning models as TypeScript objects: manifests, checks, promotions and a server from one Git repository.',
    )
    .version(manifest.version)
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError()
    // `register` has a --version of its own.
    .enablePositionalOptions()
    .addHelpText('after', '\nExit codes: 0 all good; 1 findings; 2 could not run or could not check.')
  const commands = [
    registerCommand,
    synthCommand,
    validateCommand,
    diffCommand,
    promoteCommand,
    rollbackCommand,
    serveCommand,
    demoCommand,
    explainCommand,
  ]
  for (const add of commands) add(program)
  return program
}

/** A user's mistake is told in words; only a bug shows a stack trace. */
function report(error: unknown): void {
  if (!(error instanceof Failure)) {
    console.error(error)
    console.error('This is a bug in Modelyard: please report it with the lines above.')
    process.exitCode = EXIT.failure
    return
  }
  process.stderr.write(formatFindings(error.findings, { colour: process.stderr.isTTY }))
  console.error(`error: ${error.message}`)
  if (error.fix !== undefined) console.error(`    ${error.fix}`)
  process.exitCode = error.findings.length > 0 ? EXIT.findings : EXIT.failure
}

process.exitCode = EXIT.ok
await createProgram()
  .exitOverride((exit) => {
    // Commander's own codes: 0 after --help and --version, 1 for wrong usage, which is "could not run" here.
    process.exit(exit.exitCode === 0 ? EXIT.ok : EXIT.failure)
  })
  .parseAsync()
  .catch(report)
