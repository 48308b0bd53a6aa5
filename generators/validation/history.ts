import { type DefinedEnvironment, isSameReference, type PinFile, type Reference } from '../definitions/index.ts'
import { type Finding, RULES } from '../findings/index.ts'
import {
  isRelease,
  type Loaded,
  type LoadedEnvironment,
  type LoadedModel,
  type Repository,
  releaseReference,
} from '../repository/index.ts'
import { contentDigest } from '../text/index.ts'
import { renameFindings, renamesOf } from './renames.ts'

/** What a change does to facts, names and the order of promotion: `base` is the repository that it started from; pure. */
export function checkHistory(base: Repository, now: Repository): Finding[] {
  const renames = renamesOf(base, now)
  // Where the artifacts of a new name ran until now is told by the change of the name.
  const isRenamed = new Set(renames.models.values())
  return [
    ...changedFacts(base, now),
    ...renameFindings(renames, now),
    ...[...now.environments.values()].flatMap((to) => promotions(base, now, to, isRenamed)),
  ]
}

/** What no branch may do, whatever its pins say: changed facts and names. */
export function checkFacts(base: Repository, now: Repository): Finding[] {
  return [...changedFacts(base, now), ...renameFindings(renamesOf(base, now), now)]
}

/** Versions and releases are add-only while their model is there. */
function changedFacts(base: Repository, now: Repository): Finding[] {
  return [...base.models.values()].flatMap((before) => {
    const after = now.models.get(before.name)
    if (!after) return []
    return (['versions', 'releases'] as const).flatMap((kind) => changedFiles(before[kind], after[kind], now))
  })
}

type Facts = LoadedModel['versions'] | LoadedModel['releases']

function changedFiles(before: Facts, after: Facts, { unreadable }: Repository): Finding[] {
  return [...before].flatMap(([name, { file, value }]): Finding[] => {
    const current = after.get(name)
    // A file that cannot be read has its finding already.
    if ((!current && unreadable.has(file)) || (current && contentDigest(current.value) === contentDigest(value)))
      return []
    const message = current ? 'differs from what it was when it was added' : 'was removed'
    return [{ rule: 'fact-changed', severity: 'error', message, file, line: 1, fix: RULES['fact-changed'].repair }]
  })
}

/** Each release that a pin did not name before: where did it run until now? */
function promotions(
  base: Repository,
  now: Repository,
  to: LoadedEnvironment,
  isRenamed: ReadonlySet<string>,
): Finding[] {
  const { name, promotesFrom } = to.definition.value
  const before = base.environments.get(name)
  const source = promotesFrom && now.environments.get(promotesFrom.name)
  // The first commit of an environment brings what it starts with.
  if (!promotesFrom || !before || !source) return []
  const sourceBefore = base.environments.get(promotesFrom.name)
  return [...to.pins].flatMap(([model, pin]) => {
    if (isRenamed.has(model)) return []
    const had = references(before.pins.get(model))
    return references(pin).flatMap((reference, index): Finding[] => {
      if (had.some((one) => isSameReference(one, reference))) return []
      if (isReturn(reference, had, base.models.get(model))) return []
      if (ran(reference, sourceBefore?.pins.get(model))) return []
      const path = index === 0 ? ['stable'] : ['candidate', 'release']
      const together = ran(reference, source.pins.get(model))
      const at = { file: pin.file, line: pin.lineOf(path) ?? 1, path: path.join('.') }
      return [
        together
          ? sameChange(reference.name, name, before.definition.value, to, at)
          : skipped(reference.name, name, to, at),
      ]
    })
  })
}

type Place = Pick<Finding, 'file' | 'line' | 'path'>

function sameChange(
  reference: string,
  name: string,
  before: DefinedEnvironment,
  to: LoadedEnvironment,
  at: Place,
): Finding {
  const { gates, promotesFrom } = to.definition.value
  // What an environment asks is read from before the change too: a change does not lift its own gate.
  const isRefused = gates?.separateChange === true || before.gates?.separateChange === true
  const message = `${reference} reaches ${promotesFrom?.name} and ${name} in the same change`
  const rule = 'promotion-same-change'
  return { rule, severity: isRefused ? 'error' : 'warning', message, ...at, fix: RULES[rule].repair }
}

function skipped(reference: string, name: string, to: LoadedEnvironment, at: Place): Finding {
  const message = `${reference} reaches ${name}, and ${to.definition.value.promotesFrom?.name} never ran it`
  const rule = 'promotion-order'
  return { rule, severity: 'error', message, ...at, fix: RULES[rule].repair }
}

/** The stable reference, then the candidate's. */
function references(pin: Loaded<PinFile> | undefined): Reference[] {
  if (!pin) return []
  const { stable: name, stableDigest, candidate } = pin.value
  const stable = { name, ...(stableDigest !== undefined && { digest: stableDigest }) }
  if (!candidate) return [stable]
  return [stable, { name: candidate.release, ...(candidate.digest !== undefined && { digest: candidate.digest }) }]
}

/** A first environment runs bare versions, out of which a release is sealed. */
function ran(reference: Reference, pin: Loaded<PinFile> | undefined): boolean {
  return references(pin).some(
    (one) => isSameReference(one, reference) || (!isRelease(one.name) && one.name === versionOf(reference)),
  )
}

/** A rollback: to a release that was sealed before, of an earlier version than what runs, or of the same. */
function isReturn(reference: Reference, had: readonly Reference[], model: LoadedModel | undefined): boolean {
  const [stable] = had
  const release = model?.releases.get(reference.name)
  if (stable === undefined || !release || !isSameReference(releaseReference(release.value), reference)) return false
  return compareVersions(versionOf(reference), versionOf(stable)) <= 0
}

function versionOf({ name }: Reference): string {
  return name.split('-', 1)[0] ?? name
}

function compareVersions(a: string, b: string): number {
  const [one, other] = [a, b].map((version) => version.split('.').map(Number))
  return one?.map((part, index) => part - (other?.[index] ?? 0)).find((difference) => difference !== 0) ?? 0
}
