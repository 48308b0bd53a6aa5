import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../findings/index.ts'
import { isMap, mapAt, textAt } from './fields.ts'
import type { ManifestObject } from './manifest-objects.ts'

/** An Argo CD Application of a folder that is not there is a finding. */
export async function checkApplicationPaths(root: string, objects: readonly ManifestObject[]): Promise<Finding[]> {
  const applications = objects.filter(({ value }) => isMap(value) && value['kind'] === 'Application')
  const checked = applications.map(async ({ value, file, lineOf }): Promise<Finding[]> => {
    const path = isMap(value) ? textAt(mapAt(mapAt(value, 'spec'), 'source'), 'path') : undefined
    if (path === undefined) return []
    const exists = await access(join(root, path)).then(
      () => true,
      () => false,
    )
    if (exists) return []
    const message = `syncs ${path}, which is no folder of this repository`
    const line = lineOf(['spec', 'source', 'path']) ?? 1
    return [{ rule: 'application-path-missing', severity: 'error', message, file, line, fix: 'Run modelyard synth.' }]
  })
  return (await Promise.all(checked)).flat()
}
