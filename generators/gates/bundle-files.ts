import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ArtifactError, type ContentCache, createContentCache, resolveModel } from 'modelyard-serving/artifact'
import {
  type ArtifactStore,
  artifactAddress,
  type BundleFile,
  storeVariables,
  type VersionFile,
} from '../definitions/index.ts'
import { bundlePath, type Repository } from '../repository/index.ts'

/** A file of a version that is neither in the repository nor in a store that could be asked. */
export interface MissingFile {
  /** `model`, `externalData weights.bin`, `goldenSamples` */
  name: string
  sha256: string
  /** Why no store gave it; absent where none was asked. */
  reason?: string
  /** A store may have it: it did not answer, refused, or would have taken too long. Absent: every place that was asked has none. */
  mayExist?: true
}

/** What a fetch for the gates takes at most: what is larger or slower is fetched by hand, and found by its digest. */
const MOST_BYTES = 8 * 2 ** 30
const TIMING = { stallMs: 15_000, totalMs: 600_000 }

/** What of a version is on this machine, by absolute path. */
export interface LocalBundle {
  /** With its external data beside it; absent when one of these files is missing. */
  model?: string
  /** Absent when none were registered, too. */
  goldenSamples?: string
  missing: MissingFile[]
}

/** Every file that pods of a version read, with the name that messages give it. */
export function bundleFiles({ bundle }: VersionFile): { name: string; file: BundleFile }[] {
  const { model, externalData = [], goldenSamples, baseline } = bundle
  return [
    { name: 'model', file: model },
    ...externalData.map((file) => ({ name: `externalData ${file.name}`, file })),
    ...(goldenSamples ? [{ name: 'goldenSamples', file: goldenSamples }] : []),
    ...(baseline ? [{ name: 'baseline', file: baseline }] : []),
  ]
}

/**
 * The files of a version: those of the repository, and by digest from the first of `stores` that has them what the repository
 * lacks, as a Git LFS pointer does. Fetched files stay in the user's cache.
 */
export async function localBundle(
  repository: Repository,
  version: VersionFile,
  stores: readonly ArtifactStore[],
): Promise<LocalBundle> {
  const { model, externalData = [], goldenSamples, baseline } = version.bundle
  const parts = [model, ...externalData]
  const paths = await Promise.all(parts.map((file) => pathInRepository(repository, version, file)))
  const missing: MissingFile[] = []
  const find = async (name: string, file: BundleFile): Promise<Fetched | undefined> => {
    const found = await fetchFile(repository, version, file, stores)
    if ('path' in found) return found
    missing.push({ name, sha256: file.sha256, ...found })
    return undefined
  }
  const bundle: LocalBundle = { missing }
  const [path] = paths
  if (path !== undefined && paths.every((one) => one !== undefined)) bundle.model = path
  else {
    const found: (Fetched | undefined)[] = [await find('model', model)]
    for (const file of externalData) found.push(await find(`externalData ${file.name}`, file))
    const assembled = found.every((one) => one !== undefined) ? await assemble(version, found as Fetched[]) : undefined
    if (assembled !== undefined) bundle.model = assembled
  }
  const samples = goldenSamples && (await find('goldenSamples', goldenSamples))
  // No gate reads it, and no pod starts without it.
  if (baseline) await find('baseline', baseline)
  return samples ? { ...bundle, goldenSamples: samples.path } : bundle
}

/** Where a file lies in the repository or its packages with the size that the version names. */
async function pathInRepository(
  repository: Repository,
  { model }: VersionFile,
  file: BundleFile,
): Promise<string | undefined> {
  const path = bundlePath(repository, model, file)
  const size = path && (await stat(path).catch(() => undefined))?.size
  return size === file.size ? path : undefined
}

interface Fetched {
  path: string
  /** Where the cache finds it again. */
  address: string
}

async function fetchFile(
  repository: Repository,
  version: VersionFile,
  file: BundleFile,
  stores: readonly ArtifactStore[],
): Promise<Fetched | Pick<MissingFile, 'reason' | 'mayExist'>> {
  const path = await pathInRepository(repository, version, file)
  if (path !== undefined) return { path, address: pathToFileURL(path).href }
  const { sha256, size } = file
  if (stores.length > 0 && size > MOST_BYTES) {
    const reason = `${size} bytes are more than gates fetch (${MOST_BYTES}): put it where version ${version.version} names it`
    return { reason, mayExist: true }
  }
  let reason: string | undefined
  let mayExist = false
  for (const store of stores) {
    const address = artifactAddress(store, sha256, version.version)
    try {
      return { path: await cacheOf(store).resolve({ address, sha256, size }), address }
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error
      mayExist ||= error.code !== 'artifact-not-found'
      reason = `${error.address}: ${error.reason}`
    }
  }
  return { ...(reason !== undefined && { reason }), ...(mayExist && { mayExist: true as const }) }
}

/** A graph names its external data by paths beside it. */
function assemble({ bundle }: VersionFile, [model, ...data]: Fetched[]): Promise<string> {
  const { sha256, size } = bundle.model
  const externalData = (bundle.externalData ?? []).map((file, index) => {
    return { address: data[index]?.address ?? '', sha256: file.sha256, size: file.size, path: file.name }
  })
  return resolveModel(cacheOf(), { address: model?.address ?? '', sha256, size, externalData })
}

/** Files by digest in the user's cache folder: one folder, whatever store they come from. */
function cacheOf(store?: ArtifactStore): ContentCache {
  const top = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const env = { ...process.env, ...(store && storeVariables(store)) }
  return createContentCache(join(top, 'modelyard'), { env, timing: TIMING })
}
