import type { Validation } from '../checks/index.ts'
import { applyChanges, compareWithDist, renderManifests } from '../manifests/index.ts'
import { loadRepository, resolvePlan } from '../plan/index.ts'
import type { Fixed } from './fix-manifests.ts'

/** Writes dist/ anew where it is not what synth writes, which is all that is mechanical in a repository. */
export async function fixRepository(
  root: string,
  validate: () => Promise<Validation>,
): Promise<Validation & { fixed: Fixed[] }> {
  const validation = await validate()
  // Nothing is stale as far as one can tell when a definition cannot be read.
  if (!validation.findings.some(({ rule }) => rule === 'dist-stale')) return { ...validation, fixed: [] }
  const manifests = renderManifests(resolvePlan(await loadRepository(root)))
  const changes = await compareWithDist(root, manifests, {})
  await applyChanges(root, changes)
  const fixed = changes.map(({ path, after }): Fixed => {
    const says = after === undefined ? 'removed, as synth does' : 'written, as synth does'
    return { file: path, line: 1, rule: 'dist-stale', says }
  })
  return { ...(await validate()), fixed }
}
