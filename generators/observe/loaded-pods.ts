import { loadedPodsQuery, wantedPodsQuery } from '../charts/index.ts'
import type { PlacedNamespace } from '../definitions/index.ts'
import type { Known } from '../gates/index.ts'
import { queryPrometheus, type Series } from './prometheus.ts'
import type { TokenRecipients } from './recipients.ts'

/** A version in the pods of a model. */
export interface LoadedVersion {
  version: string
  /** Empty in a first environment. */
  release: string
  /** Pods that ask for it, and pods in which it answers. */
  wanted: number
  loaded: number
}

/** What pods say of themselves, by model; one question for each namespace. */
export async function loadedVersions(
  address: string | undefined,
  namespaces: readonly PlacedNamespace[],
  recipients: TokenRecipients,
): Promise<Known<Map<string, LoadedVersion[]>>> {
  if (address === undefined) return { unknown: 'no Prometheus address is known' }
  const answers = await Promise.all(
    namespaces.map(({ namespace }) =>
      Promise.all([
        queryPrometheus({ address, recipients }, wantedPodsQuery({ namespace })),
        queryPrometheus({ address, recipients }, loadedPodsQuery({ namespace })),
      ]),
    ),
  )
  const models = new Map<string, LoadedVersion[]>()
  const add = ({ labels, value }: Series, field: 'wanted' | 'loaded') => {
    const { model = '', version = '', release = '' } = labels
    const versions = models.get(model) ?? []
    models.set(model, versions)
    const known = versions.find((one) => one.version === version && one.release === release)
    const entry = known ?? { version, release, wanted: 0, loaded: 0 }
    if (!known) versions.push(entry)
    entry[field] = value
  }
  for (const [wanted, loaded] of answers) {
    if ('unknown' in wanted) return wanted
    if ('unknown' in loaded) return loaded
    for (const series of wanted.value) add(series, 'wanted')
    for (const series of loaded.value) add(series, 'loaded')
  }
  return { value: models }
}

/** The entry of what a pin names: a release, or a version in a first environment. */
export function loadedAs(versions: readonly LoadedVersion[] | undefined, reference: string): LoadedVersion | undefined {
  return versions?.find(({ version, release }) => (release === '' ? version : release) === reference)
}
