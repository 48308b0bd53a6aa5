import { formatReference } from '../definitions/index.ts'
import { applyChanges, compareWithDist, renderManifests, writeAtomically } from '../manifests/index.ts'
import { loadRepository, type Repository, releaseReference, resolvePlan } from '../repository/index.ts'
import type { Validation } from '../validation/index.ts'
import { editScalar } from '../yaml/index.ts'
import { type Fixed, type Repairs, repairs } from './fix-manifests.ts'

/**
 * Repairs what is mechanical in a repository: writes the digest of a release behind its name in a pin, and dist/ anew where it is not
 * what synth writes. A dry run only says what would be written, and what is found as it is.
 */
export async function fixRepository(
  root: string,
  { dryRun, validate }: { dryRun: boolean; validate: () => Promise<Validation> },
): Promise<Validation & Repairs> {
  const before = await validate()
  const sealed = before.findings.some(({ rule }) => rule === 'pin-without-digest') ? await sealPins(root, dryRun) : []
  const validation = sealed.length > 0 && !dryRun ? await validate() : before
  // Nothing is stale as far as one can tell when a definition cannot be read.
  if (!validation.findings.some(({ rule }) => rule === 'dist-stale'))
    return { ...validation, ...repairs(sealed, dryRun) }
  const manifests = renderManifests(resolvePlan(await loadRepository(root)))
  const changes = await compareWithDist(root, manifests, {})
  if (!dryRun) await applyChanges(root, changes)
  const fixed = changes.map(({ path, after }): Fixed => {
    const says = after === undefined ? 'removed, as synth does' : 'written, as synth does'
    return { file: path, line: 1, rule: 'dist-stale', says }
  })
  return { ...(dryRun ? validation : await validate()), ...repairs([...sealed, ...fixed], dryRun) }
}

/** The release of that name in the repository is taken for the one that is meant: the change of the pin says so to a reviewer. */
async function sealPins(root: string, dryRun: boolean): Promise<Fixed[]> {
  const repository = await loadRepository(root)
  const fixed: Fixed[] = []
  for (const { definition, pins } of repository.environments.values()) {
    if (!definition.value.promotesFrom) continue
    for (const [model, { file, text, value, lineOf }] of pins) {
      let after = text
      for (const [path, name, digest] of [
        [['stable'], value.stable, value.stableDigest],
        [['candidate', 'release'], value.candidate?.release, value.candidate?.digest],
      ] as const) {
        const reference = digest === undefined && name !== undefined ? sealedName(repository, model, name) : undefined
        if (reference === undefined) continue
        after = editScalar(file, after, [...path], reference)
        const says = 'written with the digest of the release'
        fixed.push({ file, line: lineOf([...path]) ?? 1, rule: 'pin-without-digest', says })
      }
      if (after !== text && !dryRun) await writeAtomically(root, file, after)
    }
  }
  return fixed
}

function sealedName(repository: Repository, model: string, name: string): string | undefined {
  const release = repository.models.get(model)?.releases.get(name)
  return release && formatReference(releaseReference(release.value))
}
