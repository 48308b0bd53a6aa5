import type { Manifests } from '../manifests/index.ts'
import { formatYaml, parseYaml } from '../yaml/index.ts'
import type { Manifest } from './objects.ts'

/** Of every object what an upgrade must not change unasked: its name and labels, whom it selects, and the template of its pods. */
export function identities(manifests: Manifests): string {
  const objects = [...manifests].map(([path, text]): [string, object] => {
    const { kind, metadata, spec } = parseYaml(path, text).document?.value as Manifest
    const { selector, podSelector, template } = spec ?? {}
    const isWorkload = ['Deployment', 'Rollout', 'Job'].includes(kind)
    return [
      path,
      {
        kind,
        name: metadata.name,
        ...(metadata.namespace && { namespace: metadata.namespace }),
        labels: metadata.labels,
        ...(selector && { selector }),
        ...(podSelector && { podSelector }),
        ...(isWorkload && { template }),
      },
    ]
  })
  return formatYaml(Object.fromEntries(objects.sort(([a], [b]) => (a < b ? -1 : 1))))
}
