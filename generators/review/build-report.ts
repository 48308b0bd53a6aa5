import {
  type Evidence,
  isEnough,
  type Latency,
  type MeasuredLatency,
  type MemoryUse,
  memoryNeed,
} from '../gates/index.ts'
import { formatDiff, modelFolder } from '../manifests/index.ts'
import type { AppliedChange, PinChange } from '../pins/index.ts'
import {
  type HostPods,
  interfaceChanges,
  type PlannedModel,
  type PlannedVersion,
  podSettings,
  type SettingChange,
  settingChanges,
} from '../repository/index.ts'
import { canonicalJson } from '../text/index.ts'
import { parseYaml } from '../yaml/index.ts'
import { comparePredictions } from './predictions.ts'
import type { ObjectChanges, PromotionReport, RenderedChanges, RunningVersion, Undo } from './report.ts'

/** What a promotion's pull request says: everything judged, read or measured here and now, nothing assumed. */
export function buildPromotionReport(
  change: PinChange,
  applied: AppliedChange,
  baseCommit: string,
  { evidence, pods, current }: { evidence: Evidence; pods: HostPods; current?: PlannedModel },
): PromotionReport {
  const { from, mode, gates, overrides = [] } = change
  const to = promotedVersion(change, applied)
  const { replay, memory } = evidence
  const reading = applied.repository.models.get(change.model)?.definition?.value.evaluation
  const cost = (version: PlannedVersion, latency: Latency | undefined, use: MemoryUse | undefined) => ({
    artifactBytes: artifactBytes(version),
    ...(latency && { p50Ms: latency.p50Ms, ...(isEnough(latency, 'p99') && { p99Ms: latency.p99Ms }) }),
    ...(use && { memoryBytes: use.model }),
  })
  return {
    model: change.model,
    environment: change.environment,
    ...(from && { from: runningVersion(from) }),
    to: runningVersion(to),
    mode,
    gates,
    overrides: [...overrides],
    interfaceChanges: from && interfaceChanges(from.facts.interface, to.facts.interface),
    predictions: replay
      ? comparePredictions(replay, to.facts.interface, reading, from?.facts.interface)
      : { kind: 'unknown', reason: 'artifacts were left out' },
    cost: {
      ...(from && { from: cost(from, replay?.latency?.champion, memory?.champion) }),
      to: cost(to, replay?.latency?.candidate, memory?.candidate),
      ...latencyRatios(replay?.latency),
      ...(from && isSameArtifact(from, to) && { sameArtifact: true as const }),
      ...memoryLimit(memory, pods),
    },
    settings: current && applied.model ? settingsCompared(current, applied.model) : [],
    undo: undoOf(change),
    lineage: lineage(to),
    ...renderedChanges(change, applied),
    baseCommit,
  }
}

function latencyRatios(latency: MeasuredLatency | undefined): Pick<PromotionReport['cost'], 'p50Ratio' | 'p99Ratio'> {
  const { ratios, candidate } = latency ?? {}
  if (!ratios || !candidate) return {}
  return {
    ...(isEnough(candidate, 'p50') && { p50Ratio: ratios.p50 }),
    ...(isEnough(candidate, 'p99') && { p99Ratio: ratios.p99 }),
  }
}

function memoryLimit(use: Evidence['memory'], pods: HostPods): Pick<PromotionReport['cost'], 'limit'> {
  const need = use && memoryNeed(use, pods)
  return need ? { limit: { ...pods, neededBytes: need.bytes, holds: need.fits } } : {}
}

/** What pods run with before and after, and what a candidate beside the stable version runs with instead. */
function settingsCompared(current: PlannedModel, after: PlannedModel): SettingChange[] {
  const { stable, effectiveSettings, candidate } = after
  const pods = settingChanges(podSettings(current), podSettings(after))
  if (!candidate) return pods
  const beside = settingChanges(
    { image: stable.servingImage, ...effectiveSettings },
    { image: candidate.version.servingImage, ...candidate.effectiveSettings },
  )
  return [...pods, ...beside.map((change) => ({ ...change, field: `candidate ${change.field}` }))]
}

/** The version that a promotion is about: what answers everything afterwards, or the candidate. */
export function promotedVersion({ mode, environment }: PinChange, { model }: AppliedChange): PlannedVersion {
  const version = mode.kind === 'stable' ? model?.stable : model?.candidate?.version
  if (!version) throw new Error(`nothing was promoted to ${environment}`)
  return version
}

function undoOf({ from, mode, model, environment }: PinChange): Undo {
  if (mode.kind !== 'stable')
    return { command: `modelyard candidate ${model} --env ${environment} --abort`, isJudged: false }
  return { command: `modelyard ${from ? 'rollback' : 'retire'} ${model} --env ${environment}`, isJudged: false }
}

/** What merging does to dist/: the part that every change of a pin has. */
export function renderedChanges(change: PinChange, applied: AppliedChange): RenderedChanges {
  const { pin } = change
  return {
    objects: objectChanges(change, applied),
    pinDiff: formatDiff([
      {
        path: pin.file,
        ...(pin.before !== undefined && { before: pin.before }),
        ...(pin.after !== undefined && { after: pin.after }),
      },
    ]),
    renderedDiff: formatDiff(applied.manifests),
    findings: applied.newFindings.filter(
      ({ severity, file }) => severity !== 'info' && isAbout(change.environment, file),
    ),
  }
}

/** Files of another environment are not this change's: what they lack, every pull request would say. */
function isAbout(environment: string, file: string | undefined): boolean {
  const [folder, name] = file?.split('/') ?? []
  return (folder !== 'environments' && folder !== 'dist') || name === environment
}

export function runningVersion({ facts, release }: PlannedVersion): RunningVersion {
  return { version: facts.version, ...(release !== undefined && { release }) }
}

/** The same of a reference as pins write it. */
export function namedVersion(reference: string): RunningVersion {
  const [version = ''] = reference.split('-')
  return { version, ...(version !== reference && { release: reference }) }
}

function objectChanges({ model, environment }: PinChange, { manifests }: AppliedChange): ObjectChanges {
  const own = modelFolder(environment, model)
  const models = modelFolder(environment, '')
  const paths = (wanted: (change: AppliedChange['manifests'][number]) => boolean) =>
    manifests.filter(wanted).map(({ path }) => path)
  const others = manifests.filter(({ path }) => path.startsWith(models) && !path.startsWith(`${own}/`))
  return {
    added: paths(({ before }) => before === undefined),
    changed: paths(({ before, after }) => before !== undefined && after !== undefined),
    removed: paths(({ after }) => after === undefined),
    podsRestart: podTemplateChanges(manifests.find(({ path }) => path === `${own}/deployment.yaml`)),
    otherModels: [...new Set(others.map(({ path }) => path.slice(models.length).split('/')[0] ?? ''))],
  }
}

/** Pods restart exactly when the template that they are made from changes. */
function podTemplateChanges(deployment: { before?: string; after?: string } | undefined): boolean {
  if (deployment?.before === undefined || deployment.after === undefined) return false
  const template = (text: string) =>
    (parseYaml('deployment.yaml', text).document?.value as { spec?: { template?: unknown } } | undefined)?.spec
      ?.template
  return canonicalJson(template(deployment.before) ?? null) !== canonicalJson(template(deployment.after) ?? null)
}

function isSameArtifact(one: PlannedVersion, other: PlannedVersion): boolean {
  const [is, was] = [one, other].map(({ facts: { bundle } }) => {
    return canonicalJson([bundle.model, ...(bundle.externalData ?? [])].map(({ sha256 }) => sha256))
  })
  return is === was
}

function artifactBytes({ facts }: PlannedVersion): number {
  const { model, externalData = [] } = facts.bundle
  return [model, ...externalData].reduce((sum, file) => sum + file.size, 0)
}

/** Scalars of the lineage, nested names joined by a space; the artifact's digest last. */
function lineage({ facts }: PlannedVersion): Record<string, string> {
  const entries: [string, string][] = []
  const visit = (value: unknown, name: string) => {
    if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) visit(item, name === '' ? key : `${name} ${key}`)
    } else entries.push([name, String(value)])
  }
  visit(facts.lineage, '')
  const { name, rows, sha256 } = facts.evaluation.dataset
  entries.push([
    'evaluated on',
    [name, rows === undefined ? '' : `${rows} rows`, sha256?.slice(0, 12) ?? ''].filter(Boolean).join(', '),
  ])
  entries.push(['artifact sha256', facts.bundle.model.sha256])
  return Object.fromEntries(entries)
}
