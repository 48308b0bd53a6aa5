import { type ArtifactStore, type DefinedEnvironment, namespaceOf, parseDuration } from '../definitions/index.ts'
import { type Evidence, type Known, localBundle, measureMemory, replay } from '../gates/index.ts'
import type { PlannedVersion, Repository } from '../repository/index.ts'
import { liveFigures, type Running, soakTime } from './live-figures.ts'
import type { PrometheusServer } from './prometheus.ts'
import type { TokenRecipients } from './recipients.ts'

/** How promotions are judged, beside what the repository says. */
export interface Judging {
  /** Asked instead of the addresses in environment.ts. */
  prometheus?: string
  /** Who may get the tokens of the environment. Default: the servers that the base branch names, and `prometheus`. */
  recipients?: TokenRecipients
  /** False: processes are not started to measure memory. Default true. */
  measureMemory?: boolean
  /** Reviews that approve, as the forge says. */
  approvals?: number
  /** Default: the clock. */
  now?: Date
  /** Where files that the repository lacks are fetched from, in this order. Default: nowhere. */
  stores?: readonly ArtifactStore[]
}

export interface Judged {
  model: string
  candidate: PlannedVersion
  champion?: PlannedVersion
  /** Where it shall run. */
  target: DefinedEnvironment
  /** Where live figures are read: where it runs now. */
  seenIn: DefinedEnvironment | undefined
}

/** Runs, measures and asks all that gates judge by. @param repository where artifacts and model.ts are read */
export async function gatherEvidence(
  repository: Repository,
  { model, candidate, champion, target, seenIn }: Judged,
  { offline = false, ...judging }: Judging & { offline?: boolean; recipients: TokenRecipients },
): Promise<Evidence> {
  const { now = new Date(), prometheus, approvals, recipients, stores = [] } = judging
  const { soak, live } = target.gates ?? {}
  const source = target.promotesFrom
  const [loaded, figures] = await Promise.all([
    soak &&
      source &&
      ask(source, { prometheus, recipients }, (server) =>
        soakTime(server, running(model, candidate, source), parseDuration(soak)),
      ),
    live &&
      seenIn &&
      ask(seenIn, { prometheus, recipients }, (server) => {
        return liveFigures(server, running(model, candidate, seenIn), parseDuration(live.during ?? '1h'))
      }),
  ])
  const asked = {
    now,
    ...(approvals !== undefined && { approvals: { value: approvals } }),
    ...(loaded && { soak: loaded }),
    ...(figures && { live: figures }),
  }
  if (offline) return asked
  const reading = repository.models.get(model)?.definition?.value.evaluation
  const replayed = await replay(repository, champion?.facts, candidate.facts, reading, stores)
  const memory =
    judging.measureMemory === false ? undefined : await memoryOfBoth(repository, replayed, candidate, champion, stores)
  return { ...asked, replay: replayed, ...(memory && { memory }) }
}

async function memoryOfBoth(
  repository: Repository,
  { compared }: Awaited<ReturnType<typeof replay>>,
  candidate: PlannedVersion,
  champion: PlannedVersion | undefined,
  stores: readonly ArtifactStore[],
): Promise<Evidence['memory']> {
  const rows = 'rows' in compared ? compared.rows : []
  const measure = async ({ facts }: PlannedVersion) =>
    measureMemory(facts, await localBundle(repository, facts, stores), rows)
  // One after the other: two at once would compete for the memory that is measured.
  const is = await measure(candidate)
  if (!is) return undefined
  const was = champion && (await measure(champion))
  return { candidate: is, ...(was && { champion: was }) }
}

function running(
  model: string,
  { facts, reference, sealedSettings }: PlannedVersion,
  { namespace: places, promotesFrom }: DefinedEnvironment,
): Running {
  // An owner without a namespace has no pods: what is asked of none is not known.
  const namespace = namespaceOf(places, sealedSettings.owner) ?? ''
  // Pods of a first environment run bare versions, which say no release.
  return { model, namespace, version: facts.version, ...(promotesFrom && { release: reference }) }
}

function ask<T>(
  environment: DefinedEnvironment,
  { prometheus: given, recipients }: { prometheus: string | undefined; recipients: TokenRecipients },
  query: (server: PrometheusServer) => Promise<Known<T>>,
): Promise<Known<T>> {
  const address = given ?? environment.prometheus
  if (address !== undefined) return query({ address, recipients })
  const unknown = `no Prometheus of ${environment.name} is known: prometheus in its environment.ts, or --prometheus`
  return Promise.resolve({ unknown })
}
