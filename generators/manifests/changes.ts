import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createTwoFilesPatch } from 'diff'
import { applicationFile, HEADER, type Manifests, modelFolder, type Selection } from './render.ts'

/** One file that differs from what it should be. `after` is absent for a file to remove, `before` for one to add. */
export interface FileChange {
  path: string
  before?: string
  after?: string
}

/** What must change under dist/ so that it equals `manifests`. Reads, writes nothing. Sorted by path. */
export async function compareWithDist(root: string, manifests: Manifests, selection: Selection): Promise<FileChange[]> {
  const changes: FileChange[] = []
  for (const [path, after] of manifests) {
    const before = await ifPresent(readFile(join(root, path), 'utf8'))
    if (before === undefined) changes.push({ path, after })
    else if (before !== after) changes.push({ path, before, after })
  }
  for (const path of await filesBelow(
    root,
    selection.environment === undefined ? 'dist' : `dist/${selection.environment}`,
  )) {
    if (manifests.has(path) || !isSelected(path, selection)) continue
    const before = await ifPresent(readFile(join(root, path), 'utf8'))
    if (before?.startsWith(HEADER)) changes.push({ path, before })
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Carries the changes out: each file is complete or untouched, and folders left empty go. */
export async function applyChanges(root: string, changes: readonly FileChange[]): Promise<void> {
  for (const { path, after } of changes) {
    const file = join(root, path)
    if (after === undefined) await removeWithEmptyFolders(file, join(root, 'dist'))
    else await writeAtomically(file, after)
  }
}

/** The changes as one unified diff. */
export function formatDiff(changes: readonly FileChange[]): string {
  return changes
    .map(({ path, before, after }) =>
      createTwoFilesPatch(
        before === undefined ? '/dev/null' : `a/${path}`,
        after === undefined ? '/dev/null' : `b/${path}`,
        before ?? '',
        after ?? '',
        undefined,
        undefined,
        { context: 3 },
      ).replace(/^=+\n/, ''),
    )
    .join('')
}

/** Writes beside the target and renames: a killed process leaves the old file or the new one. */
export async function writeAtomically(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await writeFile(temporary, content)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** All YAML files that are Modelyard's or could be, below one folder of the repository. */
async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await ifPresent(readdir(join(root, folder), { withFileTypes: true }))
  const nested = await Promise.all(
    (entries ?? []).map((entry) => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return filesBelow(root, path)
      return entry.isFile() && path.endsWith('.yaml') ? [path] : []
    }),
  )
  return nested.flat()
}

/** With `--model`, only that model's objects and its Application are compared: the rest was not rendered. */
function isSelected(path: string, { model }: Selection): boolean {
  const [, environment = ''] = path.split('/')
  if (model === undefined) return true
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
