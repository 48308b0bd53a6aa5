import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { paths, type Repository } from '../repository/index.ts'
import { CODE_OWNERS_PLACES } from '../text/index.ts'
import { type FileChange, ifPresent } from './changes.ts'
import { modelFolder } from './render.ts'

/** GitLab reads the first of these, and one of its own. */
const PLACES = [...CODE_OWNERS_PLACES, '.gitlab/CODEOWNERS']
/** The line that asks for the rest, with what a forge calls a team of ours. */
const BEGIN = /^# modelyard owners: (\S*\{owner\}\S*)\s*$/
const END = '# modelyard end'

/** The CODEOWNERS file that a forge reads. */
export async function readCodeOwners(root: string): Promise<{ file: string; text: string } | undefined> {
  for (const file of PLACES) {
    // As forges do: neither a link nor a folder counts.
    const stats = await ifPresent(lstat(join(root, file)))
    if (stats?.isFile()) return { file, text: await readFile(join(root, file), 'utf8') }
  }
  return undefined
}

/** How the lines between `# modelyard owners: @organisation/{owner}` and `# modelyard end` must change; all others are a person's. */
export async function compareCodeOwners(repository: Repository): Promise<FileChange[]> {
  const found = await readCodeOwners(repository.root)
  // With models left out it is not known who owns them.
  if (!found || repository.leftOut.size > 0) return []
  const { file: path, text: before } = found
  const lines = before.split('\n')
  const begin = lines.findIndex((line) => BEGIN.test(line))
  const team = BEGIN.exec(lines[begin] ?? '')?.[1]
  if (team === undefined) return []
  const end = lines.findIndex((line, index) => index > begin && line.trimEnd() === END)
  const lineEnd = before.includes('\r\n') ? '\r' : ''
  const owned = ownershipOf(repository, (owner) => team.replace('{owner}', owner))
  const after = [
    ...lines.slice(0, begin + 1),
    ...[...owned, END].map((line) => line + lineEnd),
    ...lines.slice((end < 0 ? begin : end) + 1),
  ].join('\n')
  return after === before ? [] : [{ path, before, after }]
}

/**
 * Who is asked about intent, pins and dist/: a model's owner and, where environment.ts names one, the environment's. Of definitions
 * alone, so that no promotion changes it. The last line that matches counts.
 */
function ownershipOf({ models, environments }: Repository, team: (owner: string) => string): string[] {
  const modelOwners = [...models.values()].flatMap(({ name, definition }) =>
    definition ? [[name, team(definition.value.owner)] as const] : [],
  )
  const environmentOwners = [...environments.values()].flatMap(({ definition: { value } }) =>
    value.owner === undefined ? [] : [[value.name, team(value.owner)] as const],
  )
  const places = (environment: string, model: string) => [
    `/${paths.pin(environment, model)}`,
    `/${modelFolder(environment, model)}/`,
  ]
  return [
    ...environmentOwners.flatMap(([environment, owner]) =>
      [`/environments/${environment}/`, `/dist/${environment}/`].map((place) => `${place} ${owner}`),
    ),
    ...modelOwners.flatMap(([model, owner]) =>
      [`/models/${model}/`, ...places('*', model)].map((place) => `${place} ${owner}`),
    ),
    ...environmentOwners.flatMap(([environment, asWell]) =>
      modelOwners.flatMap(([model, owner]) =>
        places(environment, model).map((place) => `${place} ${[...new Set([owner, asWell])].join(' ')}`),
      ),
    ),
  ]
}
