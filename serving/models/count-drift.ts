import { readFile } from 'node:fs/promises'
import { type Baseline, baselineSchema, type ServedVersion } from '../contract/index.ts'
import type { DriftCounts } from '../monitoring/index.ts'
import type { Problem } from '../session/index.ts'
import type { LoadContext } from './loaded-version.ts'
import { ConfigurationError, parseDocument } from './validate.ts'

/**
 * Starts to count a version's drift; null for a version without a baseline. Never rejects: a baseline that cannot be fetched
 * or read must not keep a good model from answering. The log and the gauge of what is left out say so.
 */
export async function countDrift(
  model: string,
  served: ServedVersion,
  { cache, log, monitoring }: Pick<LoadContext, 'cache' | 'log' | 'monitoring'>,
): Promise<DriftCounts | null> {
  if (served.baseline === undefined) return null
  const details = { model, version: served.name }
  let baseline: Baseline | null = null
  try {
    baseline = await readBaseline(await cache.resolve(served.baseline))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.error({ ...details, reason }, 'the baseline cannot be read: no drift is counted for this version')
  }
  const counts = monitoring.drift.version(model, served.name, served.interface, baseline)
  const { overBudget, uncountable } = counts
  if (overBudget.length > 0)
    log.warn({ ...details, names: overBudget }, 'too many series: drift of these is not counted')
  if (uncountable.length > 0) log.warn({ ...details, names: uncountable }, 'the interface has no such values to count')
  return counts
}

async function readBaseline(path: string): Promise<Baseline> {
  const baseline = parseDocument<Baseline>(baselineSchema, path, await readFile(path, 'utf8'))
  const problems: Problem[] = []
  for (const group of ['features', 'outputs'] as const) {
    for (const [name, bins] of Object.entries(baseline[group])) {
      if (bins.kind === 'category') continue
      const { edges, counts } = bins
      const ascending = edges.every((edge, index) => index === 0 || edge > (edges[index - 1] as number))
      const at = `${group}.${name}`
      if (!ascending) problems.push({ path: `${at}.edges`, message: 'must ascend' })
      if (edges.length !== counts.length + 1)
        problems.push({ path: at, message: 'must have one edge more than counts' })
    }
  }
  if (problems.length > 0) throw new ConfigurationError('configuration-invalid', path, problems)
  return baseline
}
