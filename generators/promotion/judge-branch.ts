import { Failure, type Finding, hasErrors, sortFindings } from '../findings/index.ts'
import { type GitRepository, mergeBase, openRepository, scalarHistory, withScratchWorktree } from '../git/index.ts'
import { recipientsOf } from '../observe/index.ts'
import { type PinChange, pinHistory } from '../pins/index.ts'
import {
  loadRepository,
  type Plan,
  type PlannedVersion,
  paths,
  type Repository,
  resolvePlan,
} from '../repository/index.ts'
import type { GateResult } from '../review/index.ts'
import { canonicalJson } from '../text/index.ts'
import { type JudgingOptions, judgeChange } from './judge-promotion.ts'
import { readOverrideTrailers } from './override-trailers.ts'

/** What the gates say of one pin that a branch changes. */
export interface JudgedPin {
  model: string
  environment: string
  from?: string
  to: string
  /** Empty where nothing is judged: a rollback, a smaller share, an end. */
  gates: GateResult[]
  findings: Finding[]
  /** Why nothing is judged. */
  note?: string
}

export interface JudgedBranch {
  /** Where gates were read. */
  base: string
  pins: JudgedPin[]
}

/**
 * Judges every pin that the work tree changes against `base`, by the gates of the base: what a branch says of gates counts when it
 * is merged, and not before. Overrides are the `Gate-override` trailers of its commits.
 */
export async function judgeBranch(
  root: string,
  base: string,
  options: Omit<JudgingOptions, 'overrides' | 'gatesOf'> & { offline: boolean },
): Promise<JudgedBranch> {
  const git = await openRepository(root)
  const started = await mergeBase(git, base)
  const tip = (await git.git(['rev-parse', '--verify', '--end-of-options', `${base}^{commit}`])).trim()
  const repository = await loadRepository(root)
  const plan = resolvePlan(repository)
  const findings = sortFindings([...repository.findings, ...plan.findings])
  if (hasErrors(findings)) throw new Failure('the branch has errors to mend first', { findings })
  const changed = await changedPins(git, started)
  const overrides = readOverrideTrailers(await git.git(['log', '--format=%B', `${started}..HEAD`]))
  return withScratchWorktree(git, tip, async (directory) => {
    const before = await loadRepository(directory, { packagesRoot: root })
    const formerPlan = resolvePlan(before)
    const gatesOf = withNewDefinitions(before, repository)
    // Not those of `gatesOf`: the branch may have written the address of an environment that is new.
    const recipients = recipientsOf(before, base, [options.prometheus])
    const pins: JudgedPin[] = []
    for (const { environment, model } of changed) {
      const step = await stepOf(git, tip, { environment, model }, { plan, formerPlan })
      if (!step) continue
      const { promoted, champion, note } = step
      const common = { model, environment, ...(champion && { from: champion.reference }), to: promoted.reference }
      if (note !== undefined) {
        pins.push({ ...common, gates: [], findings: [], note })
        continue
      }
      const change: PinChange = {
        ...common,
        ...(champion && { from: champion }),
        mode: { kind: 'stable' },
        pin: { file: paths.pin(environment, model) },
        gates: [],
        findings: [],
      } as PinChange
      const judged = await judgeChange(change, promoted, repository, plan, {
        ...options,
        overrides,
        gatesOf,
        recipients,
      })
      pins.push({
        ...common,
        gates: judged.gates,
        findings: [...judged.findings, ...weakened(model, environment, before, repository)],
      })
    }
    return { base: tip, pins }
  })
}

async function changedPins(git: GitRepository, since: string): Promise<{ environment: string; model: string }[]> {
  const pattern = `:(glob)${paths.pin('*', '*')}`
  const names = await git.git(['diff', '--name-only', '--relative', '-z', since, '--', pattern])
  return names.split('\0').flatMap((name) => {
    const [, environment = '', , file = ''] = name.split('/')
    return file === '' ? [] : [{ environment, model: file.replace(/\.yaml$/, '') }]
  })
}

interface Step {
  promoted: PlannedVersion
  champion?: PlannedVersion
  note?: string
}

/** What lets a version answer that did not before; undefined where nothing of the kind happens. */
async function stepOf(
  git: GitRepository,
  tip: string,
  { environment, model }: { environment: string; model: string },
  { plan, formerPlan }: { plan: Plan; formerPlan: Plan },
): Promise<Step | undefined> {
  const [is, was] = [plan, formerPlan].map((one) => {
    const planned = one.environments.find(({ definition }) => definition.name === environment)
    return planned?.models.find(({ name }) => name === model)
  })
  // The first environment follows model.ts, and nothing is promoted into it.
  if (!is?.environment.promotesFrom) return undefined
  const champion = was && { champion: was.stable }
  if (is.stable.reference !== was?.stable.reference) {
    const file = paths.pin(environment, model)
    const { ever } = pinHistory(file, await scalarHistory(git, file, { from: tip }))
    const ran = ever.some(({ stable }) => stable === is.stable.reference)
    return { promoted: is.stable, ...champion, ...(ran && { note: 'it ran here before: a rollback is not judged' }) }
  }
  const candidate = is.candidate?.version
  if (!candidate || candidate.reference === was?.candidate?.version.reference) return undefined
  return { promoted: candidate, ...champion }
}

/** Definitions that the base does not have yet are read where they are new: no gate at all would be the weakest of all. */
function withNewDefinitions(base: Repository, head: Repository): Repository {
  const models = new Map(head.models)
  for (const [name, model] of base.models) if (model.definition) models.set(name, model)
  return { ...base, models, environments: new Map([...head.environments, ...base.environments]) }
}

/** Gates that the same change edits: they were not read, and the reviewer should know that somebody tried. */
function weakened(model: string, environment: string, before: Repository, after: Repository): Finding[] {
  const sides = [before, after].map((repository) => [
    repository.models.get(model)?.definition,
    repository.environments.get(environment)?.definition,
  ])
  return [0, 1].flatMap((index): Finding[] => {
    const [was, is] = sides.map((side) => side[index])
    if (!was || !is || canonicalJson(was.value.gates ?? {}) === canonicalJson(is.value.gates ?? {})) return []
    const line = is.lineOf(['gates'])
    return [
      {
        rule: 'gates-changed-beside',
        severity: 'warning',
        message: `changes gates beside the pin of ${model} in ${environment}: those of the base judged, not these`,
        file: is.file,
        ...(line !== undefined && { line }),
        fix: 'Change gates in a pull request of their own, before this one.',
      },
    ]
  })
}
