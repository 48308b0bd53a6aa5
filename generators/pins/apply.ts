import { rm } from 'node:fs/promises'
import { Failure, type Finding, hasErrors, sortFindings } from '../findings/index.ts'
import { applyChanges, compareWithDist, type FileChange, renderManifests, writeAtomically } from '../manifests/index.ts'
import {
  innerPath,
  loadRepository,
  type Plan,
  type PlannedModel,
  type Repository,
  resolvePlan,
} from '../repository/index.ts'
import { type Validation, validateLoaded } from '../validation/index.ts'
import { type PinChange, requireEnvironment, requirePinned } from './pin-change.ts'

/** A change carried out in a work tree: what it did there, and what the checks say of the result. */
export interface AppliedChange {
  repository: Repository
  plan: Plan
  /** The model as it runs afterwards; absent once it is retired. */
  model?: PlannedModel
  /** Files of dist/ that changed. */
  manifests: FileChange[]
  /** Every file that the change touches, relative to the root. */
  files: string[]
  validation: Validation
  /** What the checks say of the result and did not say before. */
  newFindings: Finding[]
}

export interface ApplyOptions {
  packagesRoot: string
  /** Leaves artifacts out of the checks. */
  offline?: boolean
  /** What the checks said before the change. */
  known?: readonly Finding[]
  /**
   * Errors that were there before do not stop the change, which is then rendered for its own model alone: what is promoted should
   * be right, and what is rolled back must not wait for somebody else's repair.
   */
  despiteErrors?: boolean
  /** The work tree has no other model's files. */
  alone?: boolean
}

/**
 * Writes the release and the pin, synthesizes the environment and validates the whole. The release comes first: a pin never
 * names one that is not there.
 * @throws Failure with the findings when the result cannot be rendered or is not valid
 */
export async function applyPinChange(root: string, change: PinChange, options: ApplyOptions): Promise<AppliedChange> {
  const { release, pin, environment } = change
  const { packagesRoot, offline = false, known = [], despiteErrors = false, alone = false } = options
  const despite = despiteErrors ? known : []
  if (release) await writeAtomically(root, release.file, release.text)
  if (pin.after === undefined) await rm(innerPath(root, pin.file))
  else await writeAtomically(root, pin.file, pin.after)

  const repository = await loadRepository(root, { packagesRoot, ...(alone && { model: change.model }) })
  const plan = resolvePlan(repository)
  const problems = sortFindings([...repository.findings, ...plan.findings])
  if (hasErrors(without(despite, problems))) throw new Failure('the change cannot be rendered', { findings: problems })
  const selection = { environment, ...(despiteErrors && { model: change.model }) }
  const manifests = await compareWithDist(root, renderManifests(plan, selection), selection)
  await applyChanges(root, manifests)

  const validation = await validateLoaded(repository, plan, { offline })
  if (hasErrors(without(despite, validation.findings))) {
    throw new Failure('the change is not valid, so nothing was committed', { findings: validation.findings })
  }
  const files = [...(release ? [release.file] : []), pin.file, ...manifests.map(({ path }) => path)]
  const applied = { repository, plan, manifests, files, validation, newFindings: without(known, validation.findings) }
  if (pin.after === undefined) return applied
  return { ...applied, model: requirePinned(requireEnvironment(plan, environment), change.model) }
}

/** Lines may have moved: what is wrong is told by rule, file and message. */
function without(known: readonly Finding[], findings: readonly Finding[]): Finding[] {
  const keyOf = ({ rule, file, message }: Finding) => JSON.stringify([rule, file, message])
  const before = new Set(known.map(keyOf))
  return findings.filter((finding) => !before.has(keyOf(finding)))
}
