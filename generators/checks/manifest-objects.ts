import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DocumentPath, Finding } from '../findings/index.ts'
import { parseYaml } from '../text/index.ts'

/** One Kubernetes object of dist/, with the lines of its file. */
export interface ManifestObject {
  file: string
  value: unknown
  lineOf(path: DocumentPath): number | undefined
}

/** The fields that every object has; what else it holds is read where it is needed. */
export interface KubernetesObject {
  apiVersion?: string
  kind?: string
  metadata?: { name?: string; namespace?: string; labels?: Record<string, string> }
  [field: string]: unknown
}

/** Every object below `folder` (relative to `root`); a file that is no YAML is a finding. */
export async function readManifests(
  root: string,
  folder: string,
): Promise<{ objects: ManifestObject[]; findings: Finding[] }> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const objects: ManifestObject[] = []
  const findings: Finding[] = []
  for (const path of files) {
    const file = path.slice(root.length + 1).replaceAll('\\', '/')
    const parsed = parseYaml(file, await readFile(path, 'utf8'))
    if (parsed.document) objects.push(parsed.document)
    else findings.push(...parsed.findings)
  }
  return { objects, findings }
}

/** The object's value; an empty object when the file holds none. */
export function kubernetesObject({ value }: ManifestObject): KubernetesObject {
  return value !== null && typeof value === 'object' ? (value as KubernetesObject) : {}
}
