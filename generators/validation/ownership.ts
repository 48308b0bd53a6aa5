import { type Finding, RULES } from '../findings/index.ts'
import { readCodeOwners } from '../manifests/index.ts'
import { paths, type Repository } from '../repository/index.ts'
import { ownersOf } from '../text/index.ts'

/** Where an environment wants approvals, CODEOWNERS says whose: of its definition, its pins, and the models that run there. */
export async function checkOwnership(repository: Repository): Promise<Finding[]> {
  const strict = [...repository.environments.values()].filter(({ definition }) => definition.value.gates?.approvals)
  if (strict.length === 0) return []
  const files = strict.flatMap(({ definition, pins }) => [
    paths.environment(definition.value.name),
    ...[...pins.keys()].flatMap((model) => [paths.pin(definition.value.name, model), paths.model(model)]),
  ])
  const found = await readCodeOwners(repository.root)
  if (!found) {
    const [first] = strict
    const names = strict.map(({ definition }) => definition.value.name).join(', ')
    const line = first?.definition.lineOf(['gates', 'approvals']) ?? 1
    return [finding(first?.definition.file, line, `approvals are wanted in ${names}, and there is no CODEOWNERS`)]
  }
  const unowned = [...new Set(files)].filter((file) => ownersOf(found.text, [file]).length === 0)
  return unowned.map((file) => finding(found.file, 1, `no line names an owner of ${file}`))
}

function finding(file: string | undefined, line: number, message: string): Finding {
  const rule = 'code-owners-missing'
  return { rule, severity: 'warning', message, ...(file !== undefined && { file }), line, fix: RULES[rule].repair }
}
