import { Command } from 'commander'
import { EXIT } from './output.ts'
import { packageVersion } from './package-version.ts'

type AddCommand = (program: Command) => void

/** In the order of the help. A command's module brings whatever it needs, so that each is loaded for itself alone. */
const COMMANDS: Record<string, () => Promise<AddCommand>> = {
  init: async () => (await import('./commands/init.ts')).initCommand,
  new: async () => (await import('./commands/new.ts')).newCommand,
  register: async () => (await import('./commands/register.ts')).registerCommand,
  artifact: async () => (await import('./commands/artifact.ts')).artifactCommand,
  synth: async () => (await import('./commands/synth.ts')).synthCommand,
  validate: async () => (await import('./commands/validate.ts')).validateCommand,
  diff: async () => (await import('./commands/diff.ts')).diffCommand,
  gates: async () => (await import('./commands/gates.ts')).gatesCommand,
  promote: async () => (await import('./commands/promote.ts')).promoteCommand,
  publish: async () => (await import('./commands/publish.ts')).publishCommand,
  candidate: async () => (await import('./commands/candidate.ts')).candidateCommand,
  rollback: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  retire: async () => (await import('./commands/retire.ts')).retireCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  verify: async () => (await import('./commands/verify.ts')).verifyCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  history: async () => (await import('./commands/history.ts')).historyCommand,
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
}

const VERSION = ['-V', '--version']

/** `modelyard` with the command that the first argument names, or with all of them. Wrong usage ends the process. */
export async function createProgram([first = '']: readonly string[] = []): Promise<Command> {
  const program = new Command('modelyard')
    .description(
      'Machine-learning models as TypeScript objects: manifests, checks, promotions and a server from one Git repository.',
    )
    .version(packageVersion(), VERSION.join(', '))
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError()
    // `register` has a --version of its own.
    .enablePositionalOptions()
    // Before the commands are added, since they inherit it. Commander's own codes: 0 after --help and --version, 1 for wrong
    // usage, which is "could not run" here.
    .exitOverride((exit) => process.exit(exit.exitCode === 0 ? EXIT.ok : EXIT.failure))
    .addHelpText('after', '\nExit codes: 0 all good; 1 findings; 2 could not run or could not check.')
  for (const load of commandsFor(first)) (await load())(program)
  return program
}

function commandsFor(first: string): (() => Promise<AddCommand>)[] {
  const named = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined
  if (named) return [named]
  return VERSION.includes(first) ? [] : Object.values(COMMANDS)
}
