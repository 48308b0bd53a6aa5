import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ArtifactError, createStoreClient, type StoreClient } from 'modelyard-serving/artifact'
import { type ArtifactStore, artifactAddress, storeVariables } from '../definitions/index.ts'
import { type LocalContent, localContent, MODELS, type PlannedEnvironment, type Repository } from '../repository/index.ts'
import { inParallel } from './in-parallel.ts'
import { pinnedBundles, type WantedFile, wantedFiles } from './wanted-files.ts'

/**
 * What is known of a file in a store:
 * - `uploaded`: it was not there, and now it is, read back and compared
 * - `present`: it is there, with the size that the version names
 * - `verified`: it is there, read and compared by digest
 * - `missing`: it is not there
 * - `damaged`: other bytes are there
 * - `failed`: the store could not be asked or written to
 */
export type Outcome =
  | { result: 'uploaded' | 'present' | 'verified' }
  | { result: 'missing' | 'damaged' | 'failed'; reason: string; fix: string }

export type FileReport = WantedFile & { address: string } & Outcome

/** The files of a version in a registry's manifest. */
export type ListReport = { model: string; version: string } & (
  | { result: 'listed'; reference: string }
  | { result: 'failed'; reason: string; fix: string }
)

/** A store that can be asked from here. */
export interface OpenStore {
  client: StoreClient
  addressOf(file: WantedFile): string
}

/** Called with each file as soon as it is done. */
export type OnFile = (report: FileReport) => void

/** Uploads and questions at once: enough to hide the time between requests. */
const AT_ONCE = 4
/** Milliseconds: a store may take a while to assemble a large file. */
const STALL_MS = 120_000

/**
 * Opens the store of an environment from this machine, whose credentials its client uses; says why it cannot be.
 * @param directory where the volume of a `files` store is mounted on this machine. Default: where pods mount it
 */
export async function openStore(
  store: ArtifactStore,
  directory?: string,
): Promise<OpenStore | { reason: string; fix: string }> {
  const opened = {
    client: createStoreClient({ env: { ...process.env, ...storeVariables(store) }, stallMs: STALL_MS }),
    addressOf: ({ sha256, version }: WantedFile) => artifactAddress(store, sha256, version),
  }
  switch (store.kind) {
    case 'https':
    case 's3':
    case 'oci':
    case 'mlflow':
      return opened
    case 'files': {
      const base = directory ?? store.base
      if (!(await isFolder(base))) {
        const reason = `${base} is not a folder of this machine: pods mount a volume there`
        return { reason, fix: 'Mount the volume, and name its folder: --directory <path>' }
      }
      return { ...opened, addressOf: ({ sha256 }) => pathToFileURL(join(base, 'sha256', sha256)).href }
    }
    case 'image':
      return {
        reason: 'its files are in OCI images, which the kubelet mounts',
        fix: 'Build and push these images by your own tool, each with its files under /sha256/<digest>.',
      }
    default:
      return store.kind satisfies never
  }
}

/** Asks for every file that the pins of an environment lead to. `full` reads each and compares its digest. */
export async function askFiles(
  { models }: PlannedEnvironment,
  store: OpenStore,
  { full, onFile }: { full: boolean; onFile: OnFile },
): Promise<FileReport[]> {
  return inParallel(wantedFiles(models), AT_ONCE, async (file) => {
    const address = store.addressOf(file)
    const asked = await ask(store.client, { ...file, address })
    const outcome =
      full && asked.result === 'present'
        ? await compare(store.client, { ...file, address }, { result: 'verified' })
        : asked
    const report = { ...file, address, ...outcome }
    onFile(report)
    return report
  })
}

/** Uploads what the store lacks of the files that the pins of an environment lead to, and lists them where a store asks for that. */
export async function pushFiles(
  repository: Repository,
  { models }: PlannedEnvironment,
  store: OpenStore,
  onFile: OnFile,
): Promise<{ files: FileReport[]; lists: ListReport[] }> {
  const files = await inParallel(wantedFiles(models), AT_ONCE, async (file) => {
    const address = store.addressOf(file)
    const asked = await ask(store.client, { ...file, address })
    const outcome =
      asked.result === 'missing' || asked.result === 'damaged'
        ? await upload(repository, store.client, { ...file, address })
        : asked
    const report: FileReport = { ...file, address, ...outcome }
    onFile(report)
    return report
  })
  return { files, lists: await listBundles(models, files, store.client) }
}

type Addressed = WantedFile & { address: string }

async function ask(client: StoreClient, { address, size }: Addressed): Promise<Outcome> {
  try {
    const told = await client.probe(address)
    if (told.size === undefined || told.size === size) return { result: 'present' }
    const reason = `the store has ${told.size} bytes, and the version names ${size}`
    return { result: 'damaged', reason, fix: 'Push it again: modelyard artifact push' }
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error
    if (error.code === 'artifact-not-found') {
      return { result: 'missing', reason: 'the store does not have it', fix: 'Upload it: modelyard artifact push' }
    }
    return failed(error)
  }
}

async function upload(repository: Repository, client: StoreClient, file: Addressed): Promise<Outcome> {
  const local = await localContent(repository, file.model, file)
  if (local.state !== 'whole') return { result: 'missing', ...localProblem(local, file) }
  try {
    await client.put(local.path, file)
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error
    return failed(error)
  }
  return compare(client, file, { result: 'uploaded' })
}

async function compare(client: StoreClient, file: Addressed, whole: Outcome): Promise<Outcome> {
  try {
    await client.verify(file)
    return whole
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error
    if (error.code === 'artifact-digest-mismatch' || error.code === 'artifact-size-mismatch') {
      const fix = 'Remove the file from the store, then push it again: modelyard artifact push'
      return { result: 'damaged', reason: error.reason, fix }
    }
    return failed(error)
  }
}

/** A list whose files are not all there would be a promise that is not kept. */
async function listBundles(
  models: PlannedEnvironment['models'],
  files: readonly FileReport[],
  client: StoreClient,
): Promise<ListReport[]> {
  const stored = new Map(
    files.flatMap(({ sha256, address, result }) => {
      return result === 'uploaded' || result === 'present' ? [[sha256, address] as const] : []
    }),
  )
  const whole = pinnedBundles(models).filter((bundle) => bundle.files.every(({ sha256 }) => stored.has(sha256)))
  const reports = await inParallel(whole, AT_ONCE, async (bundle): Promise<ListReport[]> => {
    const { model, version } = bundle
    try {
      const address = stored.get(bundle.files[0]?.sha256 ?? '') ?? ''
      const reference = await client.list(address, bundle)
      return reference === undefined ? [] : [{ model, version, result: 'listed', reference }]
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error
      return [{ model, version, result: 'failed', ...explained(error) }]
    }
  })
  return reports.flat()
}

/** Why a file cannot be uploaded from here. */
function localProblem(
  local: Exclude<LocalContent, { state: 'whole' }>,
  { model, version, path: named, sha256, size }: WantedFile,
): { reason: string; fix: string } {
  const path = named?.startsWith('npm:') ? named : `${MODELS}/${model}/${named}`
  const restore = `Restore the file that ${model} ${version} names, or put it into the store from the machine that has it.`
  switch (local.state) {
    case 'store-only':
      return {
        reason: `neither the store nor the repository has it: the version names no path for sha256 ${sha256}`,
        fix: 'Push it from the machine that has it.',
      }
    case 'lfs-pointer':
      return { reason: `${path} is a Git LFS pointer`, fix: `Fetch its content: git lfs pull --include "${path}"` }
    case 'crlf':
      return {
        reason: `${path} was checked out with CRLF line ends`,
        fix: 'Add "models/*/artifacts/** -text" to .gitattributes, remove the file and check it out again.',
      }
    case 'other': {
      const is = `sha256 ${local.sha256} (${local.size} bytes)`
      return { reason: `${path} has ${is}, and the version names ${sha256} (${size} bytes)`, fix: restore }
    }
    case 'unreadable':
      return {
        reason: `${path} cannot be read (${local.reason})`,
        fix: path.startsWith('npm:') ? 'Run npm ci, development dependencies included.' : restore,
      }
    default:
      return local satisfies never
  }
}

function failed(error: ArtifactError): Outcome {
  return { result: 'failed', ...explained(error) }
}

function explained({ reason, repair }: ArtifactError): { reason: string; fix: string } {
  return { reason, fix: `${repair.charAt(0).toUpperCase()}${repair.slice(1)}.` }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
