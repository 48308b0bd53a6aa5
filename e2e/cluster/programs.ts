import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Programs } from './control-plane.ts'

/** Programs by name: of `KUBEBUILDER_ASSETS` where it has them, else of the folder that run.sh built, else of the PATH. */
export function findPrograms(environment: NodeJS.ProcessEnv): Programs {
  const built = environment['MODELYARD_CLUSTER_PROGRAMS'] ?? ''
  const path = (environment['PATH'] ?? '').split(delimiter)
  const folders = [environment['KUBEBUILDER_ASSETS'] ?? '', built, ...path].filter((folder) => folder !== '')
  const find = (name: string) => folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
  return {
    has: (name) => find(name) !== undefined,
    path(name) {
      const file = find(name)
      if (file === undefined) throw new Error(`no ${name} in ${folders.join(', ')}`)
      return file
    },
    share: join(built, 'share'),
  }
}
