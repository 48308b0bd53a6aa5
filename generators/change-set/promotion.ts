import type { Gate, ReleaseFile } from '../define/index.ts'
import { Failure, type Finding } from '../findings/index.ts'
import {
  type Loaded,
  type Plan,
  type PlannedModel,
  type PlannedVersion,
  paths,
  type Repository,
  releaseName,
} from '../plan/index.ts'
import { contentDigest, formatYaml } from '../text/index.ts'
import { evaluateGate, type GateResult } from './gates.ts'
import { type PinChange, requireEnvironment, requirePinned, withStable } from './pin-change.ts'

export interface PromotionRequest {
  model: string
  from: string
  to: string
}

const RELEASE_HEADER =
  '# Sealed by `modelyard promote`; its name ends in the digest of its content, so an edit is seen.\n'

/**
 * Decides a promotion; writes nothing. Undefined when the target runs that release already.
 * Gates are those of the loaded repository: load the base branch, so that no pull request judges itself.
 * @throws Failure for names that do not exist and environments that do not follow each other
 */
export function planPromotion(repository: Repository, plan: Plan, request: PromotionRequest): PinChange | undefined {
  const { model, from, to } = request
  const target = requireEnvironment(plan, to)
  const source = requireEnvironment(plan, from)
  if (target.definition.promotesFrom?.name !== from) {
    const fix = target.definition.promotesFrom
      ? `Promote from ${target.definition.promotesFrom.name}.`
      : `${to} is a first environment: its pins name versions, by hand.`
    throw new Failure(`${to} does not take releases from ${from}`, { fix })
  }
  const pinned = requirePinned(source, model)
  const release = pinned.stable.release === undefined ? seal(repository, pinned) : undefined
  const reference = pinned.stable.release ?? release?.name ?? ''
  const champion = target.models.find(({ name }) => name === model)
  if (champion?.stable.reference === reference) return undefined

  const pin = repository.environments.get(to)?.pins.get(model)
  if (pin && pin.value.candidate?.release.split('-')[0] === pinned.stable.facts.version) {
    throw new Failure(`${model} ${reference} is the candidate in ${to}: it cannot become stable beside itself`, {
      fix: `Remove the candidate from ${pin.file} first.`,
    })
  }
  const definition = repository.models.get(model)?.definition
  const gates = definition?.value.gates?.promotion ?? []
  const results = gates.map((gate) =>
    evaluateGate(gate, pinned.stable.facts.evaluation.metrics, champion?.stable.facts.evaluation.metrics),
  )
  return {
    model,
    environment: to,
    ...(champion && { from: champion.stable }),
    to: reference,
    pin: withStable(paths.pin(to, model), pin?.text, reference),
    ...(release?.isNew && { release: release.file }),
    gates: [...results, ...approvals(target.definition.gates?.approvals)],
    findings: gateFindings(definition, gates, results),
  }
}

/** Seals what a first environment runs: the version, the image and every setting, under a name that no edit survives. */
function seal(repository: Repository, { name: model, stable }: PlannedModel) {
  const content = releaseContent(model, stable)
  const name = releaseName(content)
  const file = paths.release(model, name)
  const isNew = !repository.models.get(model)?.releases.has(name)
  return { name, isNew, file: { file, content, text: RELEASE_HEADER + formatYaml(content) } }
}

function releaseContent(model: string, { facts, settings, servingImage }: PlannedVersion): ReleaseFile {
  return { model, version: facts.version, versionDigest: contentDigest(facts), servingImage, settings }
}

/** Reviews are counted by the forge when the pull request is open: their moment has not come. */
function approvals(wanted: number | undefined): GateResult[] {
  return wanted ? [{ name: 'approvals', result: 'pending', detail: `0 of ${wanted}` }] : []
}

function gateFindings(definition: Loaded<unknown> | undefined, gates: Gate[], results: GateResult[]): Finding[] {
  return results.flatMap(({ name, result, detail }, index): Finding[] => {
    if (result !== 'fail' && result !== 'unknown') return []
    const line = definition?.lineOf(['gates', 'promotion', index])
    const { kind } = gates[index] ?? {}
    return [
      {
        rule: 'gate-failed',
        severity: 'error',
        message: `promotion gate ${name}: ${result === 'fail' ? detail : `could not be judged (${detail})`}`,
        ...(definition && { file: definition.file }),
        ...(line !== undefined && { line }),
        fix:
          kind === 'champion'
            ? 'Train a version that is not worse than the one that runs there.'
            : 'Train a better version, or change the gate in a pull request of its own.',
      },
    ]
  })
}
