import { hasNamedFeatures } from 'modelyard-serving/contract'
import { encodeSample, isBroken, type Session } from 'modelyard-serving/session'
import { type EvaluationRows, type MemoryQuantity, parseMemory } from '../definitions/index.ts'
import type { EffectiveSettings, Plan, PlannedVersion, Repository } from '../repository/index.ts'
import { localBundle } from './bundle-files.ts'
import { isEnough, type Latency, measureLatency } from './latency.ts'
import { openVersion, readGoldenSamples, rowsOf } from './local-artifacts.ts'
import { type MemoryUse, measureMemory } from './memory.ts'

/** What a deployed version takes on this machine, beside what its definition allows. */
export interface MeasuredVersion {
  model: string
  version: string
  environments: string[]
  /** The tightest of these environments. */
  budget: { p99Ms: number; memoryBytes: number }
  /** Of one row, the model alone: a request takes longer. A quantile is absent where there was no time for calls enough. */
  latency?: Partial<Latency> & Pick<Latency, 'calls'>
  /** A process with the runtime and this model, at its peak. */
  memoryBytes?: number
  /** False when a figure is over its budget; absent where none is and not all were measured. */
  holds?: boolean
  /** Why nothing was measured. */
  unknown?: string
}

interface Deployed {
  version: PlannedVersion
  environments: string[]
  budget: MeasuredVersion['budget']
}

/** What else the machine does only ever adds: a figure over its budget is measured again so many times before it is told. */
const ATTEMPTS = 3

/** As many rows as a clock of 300 rounds can use. */
const ROWS = 256

/**
 * Runs every version that an environment's pin names, one after the other: two at once would compete for what is measured.
 * @param isSound whether the checks found nothing wrong with a version, by its file: what they refuse may end the process
 */
export async function measureDeployed(
  repository: Repository,
  plan: Plan,
  isSound: (file: string) => boolean,
): Promise<MeasuredVersion[]> {
  const measured: MeasuredVersion[] = []
  for (const { version, environments, budget } of deployed(plan).values()) {
    const { facts } = version
    const model = repository.models.get(facts.model)
    const file = model?.versions.get(facts.version)?.file ?? ''
    const is = isSound(file)
      ? await measure(repository, version, budget, model?.definition?.value.evaluation).catch(brokenAsUnknown)
      : { unknown: 'its artifact did not pass the checks' }
    measured.push({ model: facts.model, version: facts.version, environments, budget, ...judged(is, budget) })
  }
  return measured
}

function brokenAsUnknown(error: unknown): { unknown: string } {
  if (isBroken(error)) return { unknown: error.problems[0]?.message ?? error.message }
  throw error
}

function deployed({ environments }: Plan): Map<string, Deployed> {
  const found = new Map<string, Deployed>()
  const add = (version: PlannedVersion, { slo, resources }: EffectiveSettings, environment: string) => {
    const key = `${version.facts.model}/${version.facts.version}`
    const budget = { p99Ms: slo.latencyP99Ms, memoryBytes: parseMemory(resources.memory as MemoryQuantity) }
    const known = found.get(key)
    if (!known) found.set(key, { version, environments: [environment], budget })
    else {
      if (!known.environments.includes(environment)) known.environments.push(environment)
      known.budget.p99Ms = Math.min(known.budget.p99Ms, budget.p99Ms)
      known.budget.memoryBytes = Math.min(known.budget.memoryBytes, budget.memoryBytes)
    }
  }
  for (const { definition, models } of environments) {
    for (const { stable, effectiveSettings, candidate } of models) {
      add(stable, effectiveSettings, definition.name)
      if (candidate) add(candidate.version, candidate.effectiveSettings, definition.name)
    }
  }
  return found
}

async function measure(
  repository: Repository,
  { facts }: PlannedVersion,
  { p99Ms }: MeasuredVersion['budget'],
  reading: EvaluationRows | undefined,
): Promise<{ latency: Latency; memory: MemoryUse | undefined } | { unknown: string }> {
  const bundle = await localBundle(repository, facts, [])
  const opened = await openVersion(facts, bundle)
  if (!opened) return { unknown: 'its artifact is not here' }
  let session: Session | undefined
  try {
    const golden = await readGoldenSamples(bundle)
    const samples = hasNamedFeatures(facts.interface)
      ? (await rowsOf(repository, facts, golden, reading)).rows
      : (golden?.samples ?? [])
    const feeds = samples.slice(0, ROWS).flatMap((sample) => {
      const encoded = encodeSample(facts.interface, sample)
      return encoded.ok ? [encoded.feeds] : []
    })
    const proved = await opened.prove(feeds)
    session = proved
    const calls = feeds.map((one) => () => proved.run(one))
    if (calls.length === 0) return { unknown: 'no rows to ask it are here' }
    let { candidate: latency } = await measureLatency(calls, undefined)
    for (let attempt = 1; attempt < ATTEMPTS && isEnough(latency, 'p99') && latency.p99Ms > p99Ms; attempt++) {
      const { candidate: again } = await measureLatency(calls, undefined)
      if (again.p99Ms < latency.p99Ms) latency = again
    }
    return { latency, memory: await measureMemory(facts, bundle, samples) }
  } finally {
    await session?.release()
    await opened.session.release()
  }
}

/** What is over its budget is so whatever else could not be told; a budget holds only where both were measured. */
export function judged(
  is: Awaited<ReturnType<typeof measure>>,
  budget: MeasuredVersion['budget'],
): Partial<MeasuredVersion> {
  if ('unknown' in is) return is
  const { memory } = is
  const latency = knownQuantiles(is.latency)
  const memoryBytes = memory && memory.process + memory.model
  const holds = [holdsBudget(latency.p99Ms, budget.p99Ms), holdsBudget(memoryBytes, budget.memoryBytes)]
  const known = holds.includes(false) ? false : holds.includes(undefined) ? undefined : true
  return {
    latency,
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(known !== undefined && { holds: known }),
  }
}

function holdsBudget(value: number | undefined, budget: number): boolean | undefined {
  return value === undefined ? undefined : value <= budget
}

function knownQuantiles(latency: Latency): NonNullable<MeasuredVersion['latency']> {
  const { calls, p50Ms, p95Ms, p99Ms } = latency
  return {
    calls,
    ...(isEnough(latency, 'p50') && { p50Ms }),
    ...(isEnough(latency, 'p95') && { p95Ms }),
    ...(isEnough(latency, 'p99') && { p99Ms }),
  }
}
