/**
 * Writes the CustomResourceDefinitions of the kinds that we generate, and of those that they need, as their Go modules have them.
 *
 *     custom-resources.ts <folder>      one file a project
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { PROJECTS } from '../../generators/validation/schema/bundle/projects.ts'
import { openModule } from '../../generators/validation/schema/bundle/sources.ts'

/** The projects have four times as many, and an API server works for each of them. */
const KINDS = new Set([
  ...['AppProject', 'Application', 'ApplicationSet'],
  ...['AnalysisRun', 'AnalysisTemplate', 'Rollout'],
  ...['ClusterSecretStore', 'ExternalSecret', 'SealedSecret', 'SecretStore'],
  ...['Gateway', 'GatewayClass', 'HTTPRoute', 'ReferenceGrant'],
  ...['ScaledObject', 'TriggerAuthentication', 'VerticalPodAutoscaler'],
  ...['PodMonitor', 'PrometheusRule', 'ServiceMonitor'],
])

interface Definition {
  kind?: string
  spec: { names: { kind: string } }
}

const [folder = ''] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
for (const { name, module, version, crds } of PROJECTS) {
  const source = openModule(module, version)
  const definitions = crds
    .flatMap((path) => source.files(path))
    .filter((path) => /\.ya?ml$/.test(path))
    .flatMap((path) => parseAllDocuments(source.read(path)))
    .map((document) => document.toJS() as Definition | null)
    // A folder may hold a Kustomization too.
    .filter((object) => object?.kind === 'CustomResourceDefinition' && KINDS.has(object.spec.names.kind))
  if (definitions.length === 0) throw new Error(`${module}@${version} has no CustomResourceDefinition in ${crds}`)
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: definitions }))
}
