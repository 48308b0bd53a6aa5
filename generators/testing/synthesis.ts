import { applyChanges, compareWithDist, type FileChange, renderManifests, type Selection } from '../manifests/index.ts'
import type { RepositoryFixture } from './repository-fixture.ts'

/** `modelyard synth` of a fixture without findings: writes dist/ and gives what changed. */
export async function synthesize(fixture: RepositoryFixture, selection: Selection = {}): Promise<FileChange[]> {
  const { plan, findings } = await fixture.load()
  if (findings.length > 0) throw new Error(`expected no findings: ${JSON.stringify(findings, null, 2)}`)
  const changes = await compareWithDist(fixture.root, renderManifests(plan, selection), selection)
  await applyChanges(fixture.root, changes)
  return changes
}
