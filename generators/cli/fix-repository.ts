import { applyChanges, compareWithDist, renderManifests } from '../manifests/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import type { Validation } from '../validation/index.ts'
import { type Fixed, type Repairs, repairs } from './fix-manifests.ts'

/**
 * Writes dist/ anew where it is not what synth writes, which is all that is mechanical in a repository; a dry run only says what
 * would be written, and what is found as it is.
 */
export async function fixRepository(
  root: string,
  { dryRun, validate }: { dryRun: boolean; validate: () => Promise<Validation> },
): Promise<Validation & Repairs> {
  const validation = await validate()
  // Nothing is stale as far as one can tell when a definition cannot be read.
  if (!validation.findings.some(({ rule }) => rule === 'dist-stale')) return { ...validation, ...repairs([], dryRun) }
  const manifests = renderManifests(resolvePlan(await loadRepository(root)))
  const changes = await compareWithDist(root, manifests, {})
  if (!dryRun) await applyChanges(root, changes)
  const fixed = changes.map(({ path, after }): Fixed => {
    const says = after === undefined ? 'removed, as synth does' : 'written, as synth does'
    return { file: path, line: 1, rule: 'dist-stale', says }
  })
  return { ...(dryRun ? validation : await validate()), ...repairs(fixed, dryRun) }
}
