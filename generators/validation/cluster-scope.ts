import { posix } from 'node:path'
import { isMap, mapAt, textAt } from './fields.ts'
import type { ManifestObject } from './manifest-objects.ts'
import { kindOf } from './object-index.ts'

/** Which objects see each other, and whether they are all there is. */
export interface World {
  /** The group of each file: objects of two groups are strangers, as two environments are. */
  grouping(objects: readonly ManifestObject[]): (file: string) => string
  isClosed: boolean
}

/** `dist/<environment>/...` holds all objects of an environment. */
export const REPOSITORY_WORLD: World = { grouping: () => (file) => file.split('/')[1] ?? '', isClosed: true }

/** Files of somebody else: more may be in the cluster, and folders that hold the same object are for two clusters. */
export const OPEN_WORLD: World = { grouping: byCluster, isClosed: false }

/** Files that are all there is. */
export const CLOSED_WORLD: World = { grouping: () => () => '', isClosed: true }

/**
 * `dev/web/service.yaml` and `prod/web/service.yaml` hold the same Service: then all below `dev` is of another cluster than all
 * below `prod`, and files beside them are of a third.
 */
function byCluster(objects: readonly ManifestObject[]): (file: string) => string {
  const first = posix.dirname(objects[0]?.file ?? '')
  // One folder cannot part.
  if (objects.every(({ file }) => file.startsWith(first) && file.indexOf('/', first.length + 1) < 0)) return () => ''
  const folders = new Map<string, Set<string>>()
  for (const { file, value } of objects) {
    const key = isMap(value) ? keyOf(value) : undefined
    if (key === undefined) continue
    const known = folders.get(key)
    if (known) known.add(posix.dirname(file))
    else folders.set(key, new Set([posix.dirname(file)]))
  }
  const roots = new Set<string>()
  for (const of of folders.values()) if (of.size > 1) for (const root of divergences(of)) roots.add(root)
  if (roots.size === 0) return () => ''
  const groups = new Map<string, string>()
  return (file) => {
    const folder = posix.dirname(file)
    let group = groups.get(folder)
    if (group === undefined) {
      group = deepest(folder, roots)
      groups.set(folder, group)
    }
    return group
  }
}

function keyOf(value: Record<string, unknown>): string | undefined {
  const metadata = mapAt(value, 'metadata')
  const name = textAt(metadata, 'name')
  if (name === undefined) return undefined
  return `${kindOf(textAt(value, 'apiVersion') ?? '', textAt(value, 'kind') ?? '')}/${metadata['namespace']}/${name}`
}

/**
 * The shortest parents by which each of the folders is told from all others; a folder and one below it part at the lower one. In
 * the order of their parts, neighbours are those that part last.
 */
function divergences(folders: ReadonlySet<string>): string[] {
  const sorted = [...folders].map((folder) => folder.split('/')).sort(byParts)
  return sorted.slice(1).flatMap((b, index) => {
    const a = sorted[index] ?? []
    const length = a.findIndex((part, at) => part !== b[at])
    const end = (length < 0 ? a.length : length) + 1
    return [a.slice(0, end).join('/'), b.slice(0, end).join('/')]
  })
}

function byParts(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    if (part !== other) return part < other ? -1 : 1
  }
  return a.length - b.length
}

function deepest(folder: string, roots: ReadonlySet<string>): string {
  for (let root = folder; ; root = posix.dirname(root)) {
    if (roots.has(root)) return root
    if (root === posix.dirname(root)) return ''
  }
}
