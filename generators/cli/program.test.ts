import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RULES } from '../findings/index.ts'
import { withExample } from '../testing/example-repository.ts'
import { createProgram } from './program.ts'
import { failureOf } from './testing/proposals.ts'

const test = suite('command line')
const whole = await createProgram()
/** Commands that do something: `new` only names three. */
const acting = whole.commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]))

test('there is one command a verb', () => {
  const names = whole.commands.map((command) => command.name())
  const changing = ['register', 'artifact', 'synth', 'promote', 'publish', 'candidate', 'rollback', 'retire']
  const reading = ['validate', 'diff', 'gates', 'history', 'status', 'verify', 'doctor', 'serve', 'demo', 'explain']
  const starting = ['init', 'new']
  assert.equal(names.sort(), [...starting, ...changing, ...reading].sort())
})

test('a command that is named comes alone, which is what makes it quick', async () => {
  const { commands } = await createProgram(['explain', 'dist-stale'])
  assert.equal(
    commands.map((command) => command.name()),
    ['explain'],
  )
})

for (const command of acting) {
  test(`${command.name()} --help says what it does and explains every argument and option`, () => {
    const help = command.helpInformation()
    assert.ok(command.summary().length > 10, 'a summary for the list of commands')
    for (const option of command.options) {
      assert.ok(option.description.length > 5, `${option.flags} has a description`)
      assert.ok(help.includes(option.flags), option.flags)
    }
    for (const argument of command.registeredArguments) {
      assert.ok(argument.description.length > 5, `<${argument.name()}> has a description`)
    }
  })
}

test('commands that work on a repository take --root, --json and --quiet alike', () => {
  // init makes a repository, explain needs none.
  for (const command of acting.filter((item) => !['explain', 'init'].includes(item.name()))) {
    const flags = command.options.map((option) => option.long)
    for (const wanted of ['--root', '--json', '--quiet'])
      assert.ok(flags.includes(wanted), `${command.name()} ${wanted}`)
  }
})

test('help goes to standard output with exit code 0', async () => {
  await withExample(async ({ modelyard }) => {
    const [program, promote] = await Promise.all([modelyard(['--help']), modelyard(['promote', '--help'])])
    assert.equal([program.code, promote.code, program.stderr, promote.stderr], [0, 0, '', ''])
    for (const command of whole.commands) assert.match(program.stdout, command.summary())
    assert.match(program.stdout, 'Exit codes: 0 all good; 1 findings; 2 could not run or could not check.')
    assert.match(promote.stdout, '--from <environment>')
  })
})

test('a command or an option that does not exist is wrong usage: exit code 2', async () => {
  await withExample(async ({ modelyard }) => {
    const [command, option] = await Promise.all([modelyard(['validat']), modelyard(['synth', '--chek'])])
    assert.is(command.code, 2)
    assert.match(command.stderr, "unknown command 'validat'")
    assert.match(command.stderr, 'Did you mean validate?')
    assert.is(option.code, 2)
    assert.match(option.stderr, "unknown option '--chek'")
    assert.match(option.stderr, 'Did you mean --check?')
  })
})

test('outside a repository a command says how to name one, as JSON too, without a stack trace', async () => {
  await withExample(async ({ modelyard }) => {
    const { code, stdout, stderr } = await modelyard(['validate', '--root', '/', '--json'])
    assert.is(code, 2)
    assert.equal(JSON.parse(stdout), {
      error: {
        message: '/ is not a Modelyard repository: it has no environments/<name>/environment.ts',
        fix: 'Run modelyard inside the repository, or name it with --root.',
      },
      findings: [],
    })
    assert.match(stderr, 'error: / is not a Modelyard repository')
    assert.not.match(stderr, / {4}at /)
  })
})

test('explain lists every rule and suggests what a typo meant', async () => {
  await withExample(async ({ modelyard }) => {
    const { code, stdout } = await modelyard(['explain'])
    assert.is(code, 0)
    for (const [id, { summary }] of Object.entries(RULES)) {
      assert.match(stdout, new RegExp(`^${literally(id)} +${literally(summary)}$`, 'm'))
    }
  })
  const typo = await failureOf(whole.parseAsync(['explain', 'dist-stal'], { from: 'user' }))
  assert.equal([typo.message, typo.fix], ['there is no rule "dist-stal"', 'Did you mean dist-stale?'])
})

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

test.run()
