import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { candidateCommand } from './commands/candidate.ts'
import { demoCommand } from './commands/demo.ts'
import { diffCommand } from './commands/diff.ts'
import { explainCommand } from './commands/explain.ts'
import { historyCommand } from './commands/history.ts'
import { promoteCommand } from './commands/promote.ts'
import { registerCommand } from './commands/register.ts'
import { retireCommand } from './commands/retire.ts'
import { rollbackCommand } from './commands/rollback.ts'
import { serveCommand } from './commands/serve.ts'
import { synthCommand } from './commands/synth.ts'
import { validateCommand } from './commands/validate.ts'
import { EXIT } from './output.ts'

const COMMANDS = [
  registerCommand,
  synthCommand,
  validateCommand,
  diffCommand,
  promoteCommand,
  candidateCommand,
  rollbackCommand,
  retireCommand,
  historyCommand,
  serveCommand,
  demoCommand,
  explainCommand,
]

/** `modelyard` with every command. Wrong usage ends the process. */
export function createProgram(): Command {
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
    // Before the commands are added, since they inherit it. Commander's own codes: 0 after --help and --version, 1 for wrong
    // usage, which is "could not run" here.
    .exitOverride((exit) => process.exit(exit.exitCode === 0 ? EXIT.ok : EXIT.failure))
    .addHelpText('after', '\nExit codes: 0 all good; 1 findings; 2 could not run or could not check.')
  for (const add of COMMANDS) add(program)
  return program
}
