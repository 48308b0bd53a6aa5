import { lstat, mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createTwoFilesPatch } from 'diff'
import type { Finding } from '../findings/index.ts'
import { innerPath } from '../repository/index.ts'
import { visibleLine } from '../text/index.ts'
import { applicationFile, HEADER, type Manifests, modelFolder, type Selection } from './render.ts'

/** One file that differs from what it should be. `after` is absent for a file to remove, `before` for one to add. */
export interface FileChange {
  path: string
  before?: string
  after?: string
}

/** dist/ against what it should be. */
export interface DistState {
  /** What `synth` would write and remove. Sorted by path. */
  changes: FileChange[]
  /** What `synth` neither wrote nor removes: dist/ holds nothing else. */
  foreign: Finding[]
}

/** What must change under dist/ so that it equals `manifests`. Reads, writes nothing. Sorted by path. */
export async function compareWithDist(root: string, manifests: Manifests, selection: Selection): Promise<FileChange[]> {
  return (await inspectDist(root, manifests, selection)).changes
}

/**
 * Compares all of dist/, or the selected part, with `manifests`. Argo CD applies whatever it finds there, in hidden folders and in
 * node_modules too, so that everything is looked at. Links are not followed. Reads, writes nothing.
 */
export async function inspectDist(root: string, manifests: Manifests, selection: Selection): Promise<DistState> {
  const { environment } = selection
  const entries = new Map<string, EntryKind>()
  await collectEntries(root, environment === undefined ? 'dist' : `dist/${environment}`, entries)
  const state: DistState = { changes: [], foreign: [] }
  for (const [path, after] of manifests) {
    const before = entries.get(path) === 'file' ? await readManifest(root, path) : undefined
    if (before === undefined) state.changes.push({ path, after })
    else if (before !== after) state.changes.push({ path, before, after })
  }
  for (const [path, kind] of entries) {
    if (manifests.has(path) && kind === 'file') continue
    if (!isSelected(path, selection)) continue
    if (kind === 'file' && (await isOurs(root, path))) {
      state.changes.push({ path, before: await readManifest(root, path) })
    } else state.foreign.push(foreignFinding(path, kind))
  }
  state.changes.sort((a, b) => (a.path < b.path ? -1 : 1))
  state.foreign.sort((a, b) => ((a.file ?? '') < (b.file ?? '') ? -1 : 1))
  return state
}

async function readManifest(root: string, path: string): Promise<string> {
  return withLineFeeds(await readFile(join(root, path), 'utf8'))
}

/** `core.autocrlf` checks files out with other line ends than Git stores, and YAML reads both alike. */
function withLineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n')
}

function foreignFinding(path: string, kind: EntryKind): Finding {
  const what = { file: 'is not written by synth', link: 'is a symbolic link', other: 'is no regular file' }[kind]
  return {
    rule: 'dist-foreign',
    severity: 'error',
    message: `${what}, and Argo CD applies what is in dist/`,
    file: path,
    line: 1,
    fix: `Remove it from dist/${kind === 'link' ? ', and run modelyard synth' : ''}: objects of your own belong in another folder.`,
  }
}

/** Written by `synth`: by its first line, or by the name that a file has until it is complete. */
async function isOurs(root: string, path: string): Promise<boolean> {
  if (TEMPORARY.test(path)) return true
  if (!path.endsWith('.yaml')) return false
  const file = await open(join(root, path), 'r')
  try {
    // Twice the length holds the header with any line ends.
    const start = Buffer.alloc(2 * Buffer.byteLength(HEADER))
    const { bytesRead } = await file.read(start, 0, start.length, 0)
    return withLineFeeds(start.toString('utf8', 0, bytesRead)).startsWith(HEADER)
  } finally {
    await file.close()
  }
}

/**
 * Carries the changes out: each file is complete or untouched, and folders left empty go.
 * @throws Failure when a path leads through a symbolic link
 */
export async function applyChanges(root: string, changes: readonly FileChange[]): Promise<void> {
  // Before the first is written: all or none.
  for (const { path } of changes) innerPath(root, path)
  for (const { path, after } of changes) {
    if (after === undefined) await removeWithEmptyFolders(join(root, path), join(root, 'dist'))
    else await writeAtomically(root, path, after)
  }
}

/** The changes as one unified diff. */
export function formatDiff(changes: readonly FileChange[]): string {
  return changes
    .map(({ path, before, after }) =>
      createTwoFilesPatch(
        before === undefined ? '/dev/null' : `a/${visibleLine(path)}`,
        after === undefined ? '/dev/null' : `b/${visibleLine(path)}`,
        before ?? '',
        after ?? '',
        undefined,
        undefined,
        { context: 3 },
      ).replace(/^=+\n/, ''),
    )
    .join('')
}

/** Ends the name of a file that is not complete. */
const TEMPORARY = /\.yaml\.\d+\.tmp$/

/**
 * Writes beside the target and renames: a killed process leaves the old file or the new one.
 * @param path relative to `root`
 * @throws Failure when it leads out of `root` or through a symbolic link
 */
export async function writeAtomically(root: string, path: string, content: string | Uint8Array): Promise<void> {
  const file = innerPath(root, path)
  await mkdir(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await rm(temporary, { force: true })
    await writeFile(temporary, content, { flag: 'wx' })
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

type EntryKind = 'file' | 'link' | 'other'

/** Everything at and below a path of the repository but folders, by path. */
async function collectEntries(root: string, top: string, into: Map<string, EntryKind>): Promise<void> {
  for (const part of top.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))) {
    const stats = await ifPresent(lstat(join(root, part)))
    if (!stats) return
    if (stats.isDirectory()) continue
    into.set(part, stats.isSymbolicLink() ? 'link' : stats.isFile() ? 'file' : 'other')
    return
  }
  const below = async (folder: string): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true })
    await Promise.all(
      entries.map(async (entry) => {
        const path = `${folder}/${entry.name}`
        if (entry.isDirectory()) await below(path)
        else into.set(path, entry.isSymbolicLink() ? 'link' : entry.isFile() ? 'file' : 'other')
      }),
    )
  }
  await below(top)
}

/** With `--model`, only that model's objects and its Application are compared: the rest was not rendered. */
function isSelected(path: string, { model }: Selection): boolean {
  const [, environment = ''] = path.split('/')
  // What stands in the way of an environment stands in the way of its models.
  if (model === undefined || path.split('/').length < 3) return true
  return path === applicationFile(environment, model) || path.startsWith(`${modelFolder(environment, model)}/`)
}

/** Undefined for what is not there; what cannot be read is not absent. */
export async function ifPresent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function removeWithEmptyFolders(file: string, stopAt: string): Promise<void> {
  await rm(file, { force: true })
  for (let folder = dirname(file); folder.length > stopAt.length; folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch {
      return // Not empty: somebody else's file, or another object, is still there.
    }
  }
}
