import { join } from 'node:path'
import { type Validation, validateLoaded } from '../checks/index.ts'
import { Failure, hasErrors, sortFindings } from '../findings/index.ts'
import { applyChanges, compareWithDist, type FileChange, renderManifests, writeAtomically } from '../manifests/index.ts'
import { loadRepository, type Plan, type PlannedModel, type Repository, resolvePlan } from '../plan/index.ts'
import { type PinChange, requireEnvironment, requirePinned } from './pin-change.ts'

/** A change carried out in a work tree: what it did there, and what the checks say of the result. */
export interface AppliedChange {
  repository: Repository
  plan: Plan
  /** The model as it runs afterwards. */
  model: PlannedModel
  /** Files of dist/ that changed. */
  manifests: FileChange[]
  /** Every file that the change touches, relative to the root. */
  files: string[]
  validation: Validation
}

/**
 * Writes the release and the pin, synthesizes the environment and validates the whole. The release comes first: a pin never
 * names one that is not there.
 * @throws Failure with the findings when the result cannot be rendered or is not valid
 */
export async function applyPinChange(
  root: string,
  change: PinChange,
  options: { packagesRoot: string; offline?: boolean },
): Promise<AppliedChange> {
  const { release, pin, environment } = change
  if (release) await writeAtomically(join(root, release.file), release.text)
  await writeAtomically(join(root, pin.file), pin.after)

  const repository = await loadRepository(root, { packagesRoot: options.packagesRoot })
  const plan = resolvePlan(repository)
  const problems = sortFindings([...repository.findings, ...plan.findings])
  if (hasErrors(problems)) throw new Failure('the change cannot be rendered', { findings: problems })
  const selection = { environment }
  const manifests = await compareWithDist(root, renderManifests(plan, selection), selection)
  await applyChanges(root, manifests)

  const validation = await validateLoaded(repository, plan, { offline: options.offline ?? false })
  if (hasErrors(validation.findings)) {
    throw new Failure('the change is not valid, so nothing was committed', { findings: validation.findings })
  }
  const files = [...(release ? [release.file] : []), pin.file, ...manifests.map(({ path }) => path)]
  const model = requirePinned(requireEnvironment(plan, environment), change.model)
  return { repository, plan, model, manifests, files, validation }
}
