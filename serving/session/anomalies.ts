/**
 * What a request holds that the interface does not know or expect: counted, and refused as well when the version is strict
 * (save for `missing`, which is only counted where the interface allows it).
 */
export type AnomalyKind = 'unknown' | 'out_of_range' | 'unseen_category' | 'missing'

export interface Anomaly {
  feature: string
  kind: AnomalyKind
  count: number
}

/** Stands for every unknown field: names that callers invent must not become label values of a metric. */
export const UNKNOWN_FEATURE = '_unknown'

/** Adds up anomalies by feature and kind; most requests have none, and then nothing is allocated but this. */
export class AnomalyCounter {
  private counts: Map<string, Anomaly> | undefined

  add(feature: string, kind: AnomalyKind): void {
    this.counts ??= new Map()
    const key = `${kind} ${feature}`
    const known = this.counts.get(key)
    if (known === undefined) this.counts.set(key, { feature, kind, count: 1 })
    else known.count += 1
  }

  list(): Anomaly[] {
    return this.counts === undefined ? [] : [...this.counts.values()]
  }
}
