import type { Bundle } from 'modelyard-serving/artifact'
import type { BundleFile, VersionFile } from '../definitions/index.ts'
import { bundleFiles } from '../gates/index.ts'
import type { PlannedModel } from '../repository/index.ts'

/** A file that pods of an environment fetch, and the first version that needs it. */
export interface WantedFile {
  sha256: string
  /** Bytes. */
  size: number
  model: string
  version: string
  /** `model`, `externalData weights.bin`, `goldenSamples`, `baseline` */
  name: string
  /** As the version names it; absent where only a store has the file. */
  path?: string
}

/** Each content that the pins of an environment lead to, once: stable versions and candidates. */
export function wantedFiles(models: readonly PlannedModel[]): WantedFile[] {
  const files = pinnedVersions(models).flatMap((facts) =>
    bundleFiles(facts).map(({ name, file }) => {
      const { sha256, size, path } = file
      const wanted = { sha256, size, model: facts.model, version: facts.version, name }
      return [sha256, { ...wanted, ...(path !== undefined && { path }) }] as const
    }),
  )
  return [...new Map(files.reverse()).values()].reverse()
}

/** Every version that the pins of an environment lead to, as a registry lists its files. */
export function pinnedBundles(models: readonly PlannedModel[]): Bundle[] {
  const versions = new Map(pinnedVersions(models).map((facts) => [`${facts.model}@${facts.version}`, facts]))
  return [...versions.values()].map(({ model, version, bundle }) => ({
    model,
    version,
    files: [
      { path: 'model.onnx', kind: 'weights', ...content(bundle.model) },
      ...(bundle.externalData ?? []).map((file) => ({ path: file.name, kind: 'weights' as const, ...content(file) })),
      ...(bundle.goldenSamples
        ? [{ path: 'samples.json', kind: 'data' as const, ...content(bundle.goldenSamples) }]
        : []),
      ...(bundle.baseline ? [{ path: 'baseline.json', kind: 'data' as const, ...content(bundle.baseline) }] : []),
    ],
  }))
}

function pinnedVersions(models: readonly PlannedModel[]): VersionFile[] {
  return models
    .flatMap(({ stable, candidate }) => [stable, ...(candidate ? [candidate.version] : [])])
    .map(({ facts }) => facts)
}

function content({ sha256, size }: BundleFile): { sha256: string; size: number } {
  return { sha256, size }
}
