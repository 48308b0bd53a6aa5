import { access } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { DocumentPath, Finding } from '../findings/index.ts'
import { type KubernetesObject, kubernetesObject, type ManifestObject } from './manifest-objects.ts'
import { type Context, checkObject, type Pods, podsOf } from './object-references.ts'

/** Which objects see each other, and whether they are all there is. */
export interface World {
  /** Objects of two groups are strangers: environments of a repository. */
  groupOf(object: ManifestObject): string
  /** The same object twice in one place is a mistake; in two places of one group it may be meant for two clusters. */
  placeOf(object: ManifestObject): string
  isClosed: boolean
}

/** `dist/<environment>/...` holds all objects of an environment. */
const REPOSITORY_WORLD: World = {
  groupOf: ({ file }) => file.split('/')[1] ?? '',
  placeOf: () => '',
  isClosed: true,
}

/** Files of somebody else: all may belong together, and more may be in the cluster. */
export const OPEN_WORLD: World = { groupOf: () => '', placeOf: ({ file }) => posix.dirname(file), isClosed: false }

/** Files that are all there is. */
export const CLOSED_WORLD: World = { groupOf: () => '', placeOf: () => '', isClosed: true }

/** What one object says of another must be true: names, selectors, ports, volumes, scale targets. */
export function checkReferences(objects: readonly ManifestObject[], world: World): Finding[] {
  const findings: Finding[] = []
  for (const group of groupsOf(objects, world).values()) {
    const known = new Map<string, ManifestObject>()
    const places = new Map<string, ManifestObject>()
    const podsByNamespace = new Map<string, Pods[]>()
    for (const object of group) {
      const pods = podsOf(object)
      if (pods) add(podsByNamespace, pods.namespace, pods)
      const value = kubernetesObject(object)
      if (typeof value.metadata?.name !== 'string') continue
      const key = `${value.kind}/${value.metadata.namespace ?? ''}/${value.metadata.name}`
      known.set(key, object)
      const place = `${groupName(value)} ${key} ${world.placeOf(object)}`
      const other = places.get(place)
      if (!other) places.set(place, object)
      else {
        const message = `${key} stands in ${other.file === object.file ? 'this file twice' : `${other.file} too`}`
        findings.push(finding('object-defined-twice', object, ['metadata', 'name'], message, 'Keep one of them.'))
      }
    }
    const context: Context = {
      isClosed: world.isClosed,
      known,
      podsByNamespace,
      report: (object, path, message, fix, severity) =>
        findings.push({ ...finding('reference-missing', object, path, message, fix), ...(severity && { severity }) }),
    }
    for (const object of group) checkObject(object, context)
  }
  return findings
}

/** The API group without its version: `apps/v1` and `apps/v1beta1` are the same objects. */
function groupName({ apiVersion }: KubernetesObject): string {
  return typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

/** The same for dist/ of the repository at `root`, with the folders that Argo CD is told to sync. */
export async function checkRepositoryReferences(root: string, objects: readonly ManifestObject[]): Promise<Finding[]> {
  return [...checkReferences(objects, REPOSITORY_WORLD), ...(await checkApplicationPaths(root, objects))]
}

async function checkApplicationPaths(root: string, objects: readonly ManifestObject[]): Promise<Finding[]> {
  const applications = objects.filter((object) => kubernetesObject(object).kind === 'Application')
  const checked = applications.map(async (object) => {
    const spec = kubernetesObject(object)['spec'] as { source?: { path?: unknown } } | undefined
    const path = spec?.source?.path
    if (typeof path !== 'string') return []
    const exists = await access(join(root, path)).then(
      () => true,
      () => false,
    )
    const message = `syncs ${path}, which is no folder of this repository`
    return exists
      ? []
      : [finding('application-path-missing', object, ['spec', 'source', 'path'], message, 'Run modelyard synth.')]
  })
  return (await Promise.all(checked)).flat()
}

function groupsOf(objects: readonly ManifestObject[], { groupOf }: World): Map<string, ManifestObject[]> {
  const groups = new Map<string, ManifestObject[]>()
  for (const object of objects) {
    add(groups, groupOf(object), object)
  }
  return groups
}

function add<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name)
  if (list) list.push(item)
  else lists.set(name, [item])
}

function finding(
  rule: Finding['rule'],
  object: ManifestObject,
  path: DocumentPath,
  message: string,
  fix: string,
): Finding {
  const line = object.lineOf(path) ?? 1
  return { rule, severity: 'error', message, file: object.file, line, fix }
}
