import { namespacesOf } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import { isBlocking, judge, type Known } from '../gates/index.ts'
import { modelFolder } from '../manifests/index.ts'
import { planPromotion } from '../pins/index.ts'
import {
  hostPods,
  type Plan,
  type PlannedEnvironment,
  type PlannedModel,
  type Repository,
} from '../repository/index.ts'
import { type ApplicationState, applicationsOf } from './argo-cd.ts'
import { gatherEvidence } from './gather-evidence.ts'
import { type LoadedVersion, loadedAs, loadedVersions } from './loaded-pods.ts'
import type { TokenRecipients } from './recipients.ts'

/** One model in one environment; each field is of its own source, and unknown where that could not be asked. */
export interface ModelStatus {
  model: string
  environment: string
  /** What the pin names; absent where the model does not run yet. */
  git?: string
  argo: Known<Pick<ApplicationState, 'sync' | 'health' | 'revision'>>
  /** What pods say; empty when none says anything. */
  loaded: Known<LoadedVersion[]>
  /** What comes next, and why it waits. */
  next?: { reference: string; waits: string[] }
  candidate?: { reference: string; mode: string; weight: number }
}

/** Git, Argo CD, the pods and what is next, asked for every model of an environment. */
export async function readStatus(
  repository: Repository,
  plan: Plan,
  environment: PlannedEnvironment,
  options: { prometheus?: string; recipients: TokenRecipients },
): Promise<ModelStatus[]> {
  const { definition } = environment
  const { recipients } = options
  const address = options.prometheus ?? definition.prometheus
  const [applications, loaded] = await Promise.all([
    applicationsOf(definition, recipients),
    loadedVersions(address, namespacesOf(definition.namespace), recipients),
  ])
  const source = plan.environments.find((one) => one.definition.name === definition.promotesFrom?.name)
  const names = new Set([...environment.models, ...(source?.models ?? [])].map(({ name }) => name))
  return Promise.all(
    [...names].sort().map(async (model) => {
      const planned = environment.models.find(({ name }) => name === model)
      const next = source && (await nextOf(repository, plan, environment, source, model, options))
      return {
        model,
        environment: definition.name,
        ...(planned && { git: planned.stable.reference }),
        argo: argoOf(applications, definition.name, model),
        loaded: 'unknown' in loaded ? loaded : { value: loaded.value.get(model) ?? [] },
        ...(next && { next }),
        ...(planned?.candidate && { candidate: candidateOf(planned.candidate) }),
      }
    }),
  )
}

function candidateOf({ version, mode, weight }: NonNullable<PlannedModel['candidate']>) {
  return { reference: version.reference, mode, weight }
}

function argoOf(applications: Known<ApplicationState[]>, environment: string, model: string): ModelStatus['argo'] {
  if ('unknown' in applications) return applications
  const found = applications.value.find(({ path }) => path === modelFolder(environment, model))
  if (!found) return { unknown: 'no Application syncs its folder' }
  const { sync, health, revision } = found
  return { value: { sync, health, revision } }
}

/** Judged without running anything: what only a promotion measures is left to it. */
async function nextOf(
  repository: Repository,
  plan: Plan,
  { definition: target }: PlannedEnvironment,
  { definition: source }: PlannedEnvironment,
  model: string,
  asked: { prometheus?: string; recipients: TokenRecipients },
): Promise<ModelStatus['next']> {
  try {
    const change = planPromotion(repository, plan, { model, from: source.name, to: target.name })
    if (!change) return undefined
    const { promoted, from } = change
    const common = { model, candidate: promoted, ...(from && { champion: from }) }
    const options = { offline: true, ...asked }
    const evidence = await gatherEvidence(repository, { ...common, target, seenIn: source }, options)
    const pods = hostPods(target, promoted, undefined)
    const { gates } = judge(repository, { ...common, environment: target.name, pods, evidence, moment: 'open' })
    const waits = gates
      .filter((gate) => isBlocking(gate) && gate.cause !== 'not-run')
      .map(({ name, detail, result }) => `${name}: ${detail}${result === 'unknown' ? ' (unknown)' : ''}`)
    const frozen = gates.find(({ cause, result }) => cause === 'frozen' && result === 'pending')
    return { reference: change.to, waits: [...waits, ...(frozen ? [frozen.detail] : [])] }
  } catch (error) {
    // The candidate that is there already is told in its own place.
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** `1.5.0 4/4`, with a candidate `1.4.2 4/4 + 1.5.0 4/4`; `1.4.2 !!` where pods answer with something else than Git names. */
export function describeLoaded({ git, loaded, candidate }: ModelStatus): string {
  if ('unknown' in loaded) return 'unknown'
  if (git === undefined) return '-'
  const own = loadedAs(loaded.value, git)
  if (own && own.loaded > 0) return `${share(own)}${candidate ? ` + ${beside(loaded.value, candidate.reference)}` : ''}`
  const other = loaded.value.find((version) => version.loaded > 0)
  return other ? `${other.version} !!` : 'none seen'
}

function share({ version, loaded, wanted }: LoadedVersion): string {
  return `${version} ${loaded}/${wanted}${loaded < wanted ? ' !!' : ''}`
}

function beside(versions: readonly LoadedVersion[], reference: string): string {
  const found = loadedAs(versions, reference)
  return found ? share(found) : `${reference.split('-')[0]} !!`
}
