import { Failure, type Finding, hasErrors, RULES, sortFindings } from '../findings/index.ts'
import { type GitRepository, mergeBase, openRepository, scalarHistory, withScratchWorktree } from '../git/index.ts'
import { inspectDist, modelFolder, renderManifests } from '../manifests/index.ts'
import { recipientsOf } from '../observe/index.ts'
import { type Mode, type PastStable, type PinChange, pinHistory } from '../pins/index.ts'
import {
  imagesOf,
  isAllowedImage,
  type LoadedModel,
  loadRepository,
  type Plan,
  type PlannedVersion,
  paths,
  type Repository,
  releaseReference,
  resolvePlan,
} from '../repository/index.ts'
import type { GateResult } from '../review/index.ts'
import { canonicalJson } from '../text/index.ts'
import { checkDist, checkFacts } from '../validation/index.ts'
import { type JudgingOptions, judgeChange } from './judge-promotion.ts'
import { pinMessages, readOverrideTrailers, textAbout } from './override-trailers.ts'

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
  /** What the branch does to facts, and to what Argo CD reads, whatever its pins say. */
  findings: Finding[]
}

/**
 * Judges every pin that the work tree changes against `base`, by the gates of the base: what a branch says of gates counts when it
 * is merged, and not before. Overrides are the `Gate-override` trailers of its commits, those of a commit
 * that changes pins for these pins alone.
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
  if (hasErrors(findings)) throw new Failure('the branch has validation errors; fix them first', { findings })
  const changed = await changedPins(git, started)
  const messages = await pinMessages(git, [`${started}..HEAD`])
  return withScratchWorktree(git, tip, async (directory) => {
    const before = await loadRepository(directory, { packagesRoot: root })
    const formerPlan = resolvePlan(before)
    const gatesOf = withNewDefinitions(before, repository)
    // Not those of `gatesOf`: the branch may have written the address of an environment that is new.
    const recipients = recipientsOf(before, base, [options.prometheus])
    const pins: JudgedPin[] = []
    for (const { environment, model } of changed) {
      const step = await stepOf(git, tip, { environment, model }, { plan, formerPlan, before })
      if (!step) continue
      const { promoted, champion, mode, note } = step
      const common = { model, environment, ...(champion && { from: champion.reference }), to: promoted.reference }
      if (note !== undefined) {
        pins.push({ ...common, gates: [], findings: [], note })
        continue
      }
      const change: PinChange = {
        ...common,
        ...(champion && { from: champion }),
        mode,
        pin: { file: paths.pin(environment, model) },
        gates: [],
        findings: [],
      } as PinChange
      const judged = await judgeChange(change, promoted, repository, plan, {
        ...options,
        overrides: readOverrideTrailers(textAbout(paths.pin(environment, model), messages)),
        gatesOf,
        storesOf: before,
        recipients,
      })
      pins.push({
        ...common,
        gates: judged.gates,
        findings: [
          ...judged.findings,
          ...weakened(model, environment, before, repository),
          ...foreignImages(before, common, promoted),
        ],
      })
    }
    const rendered = await changedManifests(git, started)
    pins.push(...unchangedPins(rendered, changed, plan))
    const facts = [...(await changedFacts(before, repository)), ...(await removedFacts(git, started))]
    return { base: tip, pins, findings: sortFindings([...facts, ...(await wrongDist(root, plan, rendered))]) }
  })
}

/** Images that the base does not let into the environment: what a branch says of registries counts when it is merged. */
function foreignImages(
  base: Repository,
  { model, environment }: { model: string; environment: string },
  promoted: PlannedVersion,
): Finding[] {
  const definition = base.environments.get(environment)?.definition.value
  if (!definition) return []
  return imagesOf(definition, model, promoted).flatMap((image): Finding[] => {
    if (isAllowedImage(definition, image)) return []
    const message = `${image.split('@')[0]} is in none of the registries that the base names for ${environment}`
    const fix = 'Name the registry in imageRegistries in a pull request of its own, before this one.'
    return [
      { rule: 'serving-image-registry', severity: 'error', message, file: paths.pin(environment, model), line: 1, fix },
    ]
  })
}

/** What the base removed, or added since the branch left it, is not the branch's doing: of both sides' files, those that differ. */
async function changedFacts(base: Repository, head: Repository): Promise<Finding[]> {
  const findings = await checkFacts(base, head)
  const isThere = (file: string | undefined) =>
    [...head.models.values()].some(({ versions, releases }) =>
      [...versions.values(), ...releases.values()].some((fact) => fact.file === file),
    )
  return findings.filter(({ rule, file }) => rule === 'name-changed' || isThere(file))
}

async function removedFacts(git: GitRepository, since: string): Promise<Finding[]> {
  const patterns = [paths.version('*', '*'), paths.release('*', '*')].map((pattern) => `:(glob)${pattern}`)
  const options = ['--name-only', '--no-renames', '--diff-filter=D', '--relative', '-z']
  const names = await git.git(['diff', ...options, since, '--', ...patterns])
  const rule = 'fact-changed'
  return names.split('\0').flatMap((file): Finding[] => {
    if (file === '') return []
    return [{ rule, severity: 'error', message: 'was removed', file, line: 1, fix: RULES[rule].repair }]
  })
}

/** Files of dist/ that the branch changes, by environment. */
async function changedManifests(git: GitRepository, since: string): Promise<Map<string, string[]>> {
  const names = await git.git(['diff', '--name-only', '--no-renames', '--relative', '-z', since, '--', 'dist/'])
  const files = new Map<string, string[]>()
  for (const file of names.split('\0')) {
    const [, environment] = file.split('/')
    if (environment !== undefined) files.set(environment, [...(files.get(environment) ?? []), file])
  }
  return files
}

/** What Argo CD would apply is what the base's program makes of the branch, in every environment that it changes. */
async function wrongDist(root: string, plan: Plan, changed: ReadonlyMap<string, string[]>): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const environment of changed.keys()) {
    const selection = { environment }
    const { changes, foreign } = await inspectDist(root, renderManifests(plan, selection), selection)
    findings.push(...(await checkDist(changes)), ...foreign)
  }
  return findings
}

/** Models whose manifests change although their pins do not: no gate judges that, and a reviewer should. */
function unchangedPins(
  rendered: ReadonlyMap<string, string[]>,
  changed: readonly { environment: string; model: string }[],
  plan: Plan,
): JudgedPin[] {
  return plan.environments.flatMap(({ definition: { name: environment, promotesFrom }, models }) => {
    const files = rendered.get(environment)
    if (!promotesFrom || !files) return []
    return models.flatMap(({ name: model, stable }): JudgedPin[] => {
      const own = files.filter((file) => file.startsWith(`${modelFolder(environment, model)}/`)).length
      if (own === 0 || changed.some((one) => one.environment === environment && one.model === model)) return []
      const note = `its pin is the same, and ${own} of its manifests change: by definitions, which no gate judges`
      return [{ model, environment, to: stable.reference, gates: [], findings: [], note }]
    })
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
  mode: Mode
  champion?: PlannedVersion
  note?: string
}

/** What lets a version answer that did not before; undefined where nothing of the kind happens. */
async function stepOf(
  git: GitRepository,
  tip: string,
  { environment, model }: { environment: string; model: string },
  { plan, formerPlan, before }: { plan: Plan; formerPlan: Plan; before: Repository },
): Promise<Step | undefined> {
  const [is, was] = [plan, formerPlan].map((one) => {
    const planned = one.environments.find(({ definition }) => definition.name === environment)
    return planned?.models.find(({ name }) => name === model)
  })
  // The first environment follows model.ts, and nothing is promoted into it.
  if (!is?.environment.promotesFrom) return undefined
  const champion = was && { champion: was.stable }
  if (!isSameVersion(is.stable, was?.stable)) {
    const file = paths.pin(environment, model)
    const { ever } = pinHistory(file, await scalarHistory(git, file, { from: tip }))
    const ran = ever.some((past) => isWhatRan(past, is.stable, before.models.get(model)))
    return {
      promoted: is.stable,
      mode: { kind: 'stable' },
      ...champion,
      ...(ran && { note: 'it ran here before: a rollback is not judged' }),
    }
  }
  if (!is.candidate || isSameVersion(is.candidate.version, was?.candidate?.version)) return undefined
  const { version, mode: kind, weight } = is.candidate
  return { promoted: version, mode: { kind, weight }, ...champion }
}

function isSameVersion(one: PlannedVersion, other: PlannedVersion | undefined): boolean {
  return one.reference === other?.reference && one.releaseDigest === other.releaseDigest
}

/** By its content: pins of before have the short name alone, and then the release of the base is what ran. */
function isWhatRan(past: PastStable, version: PlannedVersion, base: LoadedModel | undefined): boolean {
  if (past.stable !== version.reference) return false
  const release = base?.releases.get(past.stable)
  const digest = past.digest ?? (release && releaseReference(release.value).digest)
  return digest === version.releaseDigest
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
