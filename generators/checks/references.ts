import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { DocumentPath, Finding } from '../findings/index.ts'
import { type KubernetesObject, kubernetesObject, type ManifestObject } from './manifest-objects.ts'
import { type Context, checkObject, podsOf } from './object-references.ts'

/** What one object says of another must be true: names, selectors, ports, volumes, scale targets, Application paths. */
export async function checkReferences(root: string, objects: readonly ManifestObject[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const group of byEnvironment(objects).values()) {
    const known = new Map<string, ManifestObject>()
    for (const object of group) {
      const key = objectKey(kubernetesObject(object))
      const other = known.get(key)
      if (other) {
        findings.push(
          finding(
            'object-defined-twice',
            object,
            ['metadata', 'name'],
            `${key} stands in ${other.file} too`,
            'Keep one of them.',
          ),
        )
      } else known.set(key, object)
    }
    const context: Context = {
      known,
      pods: group.flatMap(podsOf),
      report: (object, path, message, fix) => findings.push(finding('reference-missing', object, path, message, fix)),
    }
    for (const object of group) checkObject(object, context)
  }
  return [...findings, ...(await checkApplicationPaths(root, objects))]
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

/** Objects of one environment only see each other: `dist/<environment>/...`. */
function byEnvironment(objects: readonly ManifestObject[]): Map<string, ManifestObject[]> {
  const groups = new Map<string, ManifestObject[]>()
  for (const object of objects) {
    const environment = object.file.split('/')[1] ?? ''
    groups.set(environment, [...(groups.get(environment) ?? []), object])
  }
  return groups
}

function objectKey({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata?.namespace ?? ''}/${metadata?.name}`
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
