import { type Baseline, METRICS, type ModelInterface, namedFeatures } from '../../contract/index.ts'
import { escapeLabel, head } from '../text-format.ts'
import { type Counted, SERIES_A_POD, SERIES_A_VERSION } from './plan.ts'
import { type ConfidenceCounter, VersionDrift } from './version-drift.ts'

/** Counts for one version; `retire` takes its series away and gives their budget back. */
export interface DriftCounts {
  /** Features and outputs of the version's baseline that are not counted, for the log. */
  readonly overBudget: readonly string[]
  readonly uncountable: readonly string[]
  observe: VersionDrift['observe']
  retire(): void
}

export interface Drift {
  /** Starts to count for a version. `baseline` is null when it has one that cannot be read: then nothing is counted, and the gauge says so. */
  version(model: string, version: string, modelInterface: ModelInterface, baseline: Baseline | null): DriftCounts
  /** In the Prometheus text format 0.0.4. */
  text(): string
}

interface Exposed {
  features: CountLines[]
  outputs: CountLines[]
  confidences: { sum: string; rows: string; counter: ConfidenceCounter }[]
  /** Whole lines: they never change. */
  featureShares: string
  outputShares: string
}

/** `name{labels} ` of each count, so that a scrape only writes numbers behind them. */
interface CountLines {
  prefixes: string[]
  counts: Float64Array
}

const NOTHING: Exposed = { features: [], outputs: [], confidences: [], featureShares: '', outputShares: '' }

/**
 * Drift counts of every version in the process, within `budget` series. The pod exposes counts and the baseline's shares, never
 * a PSI, since those of several pods cannot be added up. With C the counts and S the shares of a feature (or output), the
 * population stability index over a window is, floor 0.0001 for empty bins:
 *
 *     sum by (model, version, feature) (
 *       (clamp_min(A, 0.0001) - clamp_min(E, 0.0001)) * ln(clamp_min(A, 0.0001) / clamp_min(E, 0.0001))
 *     )
 *     A = sum by (model, version, feature, bin) (increase(modelyard_feature_bin_total[1d]))
 *         / on (model, version, feature) group_left ()
 *         (sum by (model, version, feature) (increase(modelyard_feature_bin_total[1d])) > 0)
 *     E = max by (model, version, feature, bin) (modelyard_feature_baseline_share)
 *
 * The counts are written here and not by prom-client: they are plain typed arrays until somebody scrapes.
 */
export function createDrift(budget = SERIES_A_POD): Drift {
  const exposed = new Set<Exposed & { leftOut: string }>()
  let used = 0

  return {
    version(model, version, modelInterface, baseline) {
      const labels = `model="${escapeLabel(model)}",version="${escapeLabel(version)}"`
      const drift = baseline === null ? undefined : new VersionDrift(modelInterface, baseline, allowed(budget - used))
      const plan = drift?.plan
      const missed = plan
        ? plan.overBudget.length + plan.uncountable.length
        : namedFeatures(modelInterface).length + modelInterface.outputs.length
      const leftOut = `${METRICS.driftLeftOut}{${labels}} ${missed}\n`
      const entry = { ...(drift === undefined ? NOTHING : expose(drift, labels)), leftOut }
      exposed.add(entry)
      const series = plan?.series ?? 0
      used += series
      return {
        overBudget: plan?.overBudget ?? [],
        uncountable: plan?.uncountable ?? [],
        observe: (feeds, outputs) => drift?.observe(feeds, outputs),
        retire() {
          if (exposed.delete(entry)) used -= series
        },
      }
    },

    text() {
      const all = [...exposed]
      const confidences = (kind: 'sum' | 'rows') =>
        all.flatMap((entry) => entry.confidences.map(({ counter, ...prefix }) => `${prefix[kind]}${counter[kind]}\n`))
      return [
        head(METRICS.featureBins, 'counter', 'Values of a feature, by bin of the baseline.'),
        ...all.flatMap(({ features }) => features.map(countLines)),
        head(METRICS.featureBaselineShare, 'gauge', 'Share of the training data in each bin of a feature.'),
        ...all.map(({ featureShares }) => featureShares),
        head(METRICS.outputBins, 'counter', 'Values of an output, by bin of the baseline.'),
        ...all.flatMap(({ outputs }) => outputs.map(countLines)),
        head(METRICS.outputBaselineShare, 'gauge', 'Share of the training data in each bin of an output.'),
        ...all.map(({ outputShares }) => outputShares),
        head(METRICS.confidenceSum, 'counter', 'Sum of the top probability of each row.'),
        ...confidences('sum'),
        head(METRICS.confidenceRows, 'counter', 'Rows whose top probability is in the sum.'),
        ...confidences('rows'),
        head(METRICS.driftLeftOut, 'gauge', 'Features and outputs of a baseline that are not counted.'),
        ...all.map(({ leftOut }) => leftOut),
      ].join('')
    },
  }
}

function allowed(left: number): number {
  return Math.min(left, SERIES_A_VERSION)
}

function expose(drift: VersionDrift, labels: string): Exposed {
  const { features, outputs } = drift.plan
  const prefixes = (metric: string, kind: string, { name, counter }: Counted) =>
    counter.bins.map((bin) => `${metric}{${labels},${kind}="${escapeLabel(name)}",bin="${escapeLabel(bin)}"} `)
  const counts = (metric: string, kind: string, counted: Counted) => ({
    prefixes: prefixes(metric, kind, counted),
    counts: counted.counter.counts,
  })
  const shares = (metric: string, kind: string, counted: Counted) =>
    prefixes(metric, kind, counted)
      .map((prefix, bin) => `${prefix}${counted.counter.shares[bin]}\n`)
      .join('')
  return {
    features: features.map((counted) => counts(METRICS.featureBins, 'feature', counted)),
    outputs: outputs.map((counted) => counts(METRICS.outputBins, 'output', counted)),
    confidences: drift.confidences.map((counter) => ({
      sum: `${METRICS.confidenceSum}{${labels},output="${escapeLabel(counter.name)}"} `,
      rows: `${METRICS.confidenceRows}{${labels},output="${escapeLabel(counter.name)}"} `,
      counter,
    })),
    featureShares: features.map((counted) => shares(METRICS.featureBaselineShare, 'feature', counted)).join(''),
    outputShares: outputs.map((counted) => shares(METRICS.outputBaselineShare, 'output', counted)).join(''),
  }
}

function countLines({ prefixes, counts }: CountLines): string {
  let text = ''
  for (const [bin, prefix] of prefixes.entries()) text += `${prefix}${counts[bin]}\n`
  return text
}
