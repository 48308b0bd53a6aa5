import type { Command } from 'commander'
import { validateRepository } from '../../checks/index.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { countFindings, exitCodeOf } from '../output.ts'

export function validateCommand(program: Command): void {
  withCommonOptions(
    program
      .command('validate')
      .summary('check definitions, pins, releases, dist/ and artifacts')
      .description(
        'One pass over everything: definitions and pins, sealed releases, dist/ against synth, every object against its JSON\n' +
          'Schema and the objects it names, every artifact against its digest and frozen interface. Exit 1 with errors, 2 when\n' +
          'something could not be checked.',
      )
      .option('--offline', 'leave the artifacts out'),
  ).action(async (options: CommonOptions & { offline?: boolean }) => {
    const { root, output } = contextOf(options)
    const { offline = false } = options
    const validation = await output.during('Validating', () => validateRepository(root, { offline }))
    const { findings, counts, artifactsChecked } = validation
    output.findings(findings)
    output.data(validation)
    const looked = `${counts.environments} environments, ${counts.models} models, ${counts.versions} versions, ${counts.objects} objects`
    output.line(`${looked}: ${countFindings(findings)}${artifactsChecked ? '' : ' (artifacts not checked: --offline)'}`)
    process.exitCode = exitCodeOf(findings)
  })
}
