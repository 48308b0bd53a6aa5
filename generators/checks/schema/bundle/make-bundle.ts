/**
 * Makes kubernetes-1.36.json and argo-cd-3.5.json from the Go modules that hold the originals.
 * Run from the repository's root; needs Go and its module proxy, which nothing else here does:
 *
 *     node --import tsx generators/checks/schema/bundle/make-bundle.ts
 */
import { writeFileSync } from 'node:fs'
import { deduplicate } from './deduplicate.ts'
import { fromCrd } from './from-crd.ts'
import { fromOpenApi, isLeaf, shortName } from './from-openapi.ts'
import { readGoEnums } from './go-enums.ts'
import { kindRules, type Overlay, overlays } from './overlay.ts'
import { child, isSchema, merge, references, type Schema, sortKeys } from './schema-tree.ts'
import { openModule, type Provenance } from './sources.ts'

const KUBERNETES = { module: 'k8s.io/kubernetes', version: 'v1.36.3', name: 'kubernetes-1.36' }
const ARGO_CD = { module: 'github.com/argoproj/argo-cd/v3', version: 'v3.5.7', name: 'argo-cd-3.5' }

const OPENAPI = [
  'api__v1',
  'apis__apps__v1',
  'apis__autoscaling__v2',
  'apis__policy__v1',
  'apis__networking.k8s.io__v1',
]
const CORE_KINDS: Record<string, string> = {
  'v1/Namespace': 'core.v1.Namespace',
  'v1/ServiceAccount': 'core.v1.ServiceAccount',
  'v1/ConfigMap': 'core.v1.ConfigMap',
  'v1/Service': 'core.v1.Service',
  'apps/v1/Deployment': 'apps.v1.Deployment',
  'autoscaling/v2/HorizontalPodAutoscaler': 'autoscaling.v2.HorizontalPodAutoscaler',
  'policy/v1/PodDisruptionBudget': 'policy.v1.PodDisruptionBudget',
  'networking.k8s.io/v1/NetworkPolicy': 'networking.v1.NetworkPolicy',
}

interface Bundle {
  provenance: Provenance
  kinds: Record<string, Schema>
  definitions: Record<string, Schema>
}

function kubernetes(): Bundle {
  const source = openModule(KUBERNETES.module, KUBERNETES.version)
  const definitions: Record<string, Schema> = {}
  for (const file of OPENAPI) {
    const document = JSON.parse(source.read(`api/openapi-spec/v3/${file}_openapi.json`)) as Schema
    for (const [name, schema] of Object.entries(child(document, 'components', 'schemas'))) {
      const short = shortName(name)
      if (!isLeaf(short)) definitions[short] = fromOpenApi(schema as Schema)
    }
  }
  addGoEnums(definitions, source.read('pkg/generated/openapi/zz_generated.openapi.go'))
  for (const overlay of overlays) applyOverlay(definitions, overlay)
  const kinds: Record<string, Schema> = {}
  for (const [key, definition] of Object.entries(CORE_KINDS)) {
    const apiVersion = key.slice(0, key.lastIndexOf('/'))
    const kind = key.slice(apiVersion.length + 1)
    const schema = child(definitions, definition)
    const properties: Schema = {
      ...child(schema, 'properties'),
      apiVersion: { const: apiVersion },
      kind: { const: kind },
    }
    // Nobody writes a status by hand, and the API server ignores it on a write of the object.
    if (properties['status']) properties['status'] = { type: 'object' }
    kinds[key] = { ...schema, properties, required: ['apiVersion', 'kind', 'metadata'] }
  }
  return { provenance: source.provenance, kinds, definitions }
}

function argoCd(objectMeta: Record<string, Schema>): Bundle {
  const source = openModule(ARGO_CD.module, ARGO_CD.version)
  const kinds = {
    ...fromCrd(source.read('manifests/crds/application-crd.yaml')),
    ...fromCrd(source.read('manifests/crds/appproject-crd.yaml')),
  }
  const definitions = deduplicate('argocd', kinds)
  return { provenance: source.provenance, kinds, definitions: { ...objectMeta, ...definitions } }
}

function addGoEnums(definitions: Record<string, Schema>, source: string) {
  for (const { definition, property, isList, values } of readGoEnums(source)) {
    const field = property && definitions[definition] && child(definitions, definition, 'properties', property)
    if (!field) continue
    const target = isList ? field['items'] : field
    if (isSchema(target)) target['enum'] = values
  }
}

function applyOverlay(definitions: Record<string, Schema>, overlay: Overlay) {
  const schema = child(definitions, overlay.definition)
  const properties = child(schema, 'properties')
  for (const [name, changes] of Object.entries(overlay.properties)) {
    properties[name] = merge(child(properties, name), changes)
  }
  if (overlay.required) {
    schema['required'] = [...new Set([...((schema['required'] as string[]) ?? []), ...overlay.required])]
  }
}

/** A name, unless the object asks the API server to make one up; the rule for the name is the kind's. */
function addKindRule(key: string, schema: Schema) {
  const rule = kindRules[key]
  if (!rule) throw new Error(`no rule for the name of a ${key}`)
  const properties = child(schema, 'properties')
  properties['metadata'] = {
    ...child(properties, 'metadata'),
    type: 'object',
    properties: { name: { type: 'string', format: rule.name } },
    if: { not: { required: ['generateName'] } },
    then: { required: ['name'] },
  }
  schema['required'] = [...new Set([...(schema['required'] as string[]), ...(rule.required ?? [])])]
}

/** Only what the kinds reach, one definition a line, keys sorted: a new release shows as the lines that changed. */
function write(name: string, bundle: Bundle) {
  const reached = new Set<string>()
  const visit = (value: unknown) => {
    for (const reference of references(value)) {
      if (reached.has(reference)) continue
      reached.add(reference)
      visit(child(bundle.definitions, reference))
    }
  }
  visit(bundle.kinds)
  const lines = (schemas: Record<string, Schema>, names: Iterable<string>) =>
    [...names]
      .sort()
      .map((key) => `    ${JSON.stringify(key)}: ${JSON.stringify(sortKeys(schemas[key]))}`)
      .join(',\n')
  const text = `{
  "provenance": ${JSON.stringify(bundle.provenance, null, 2).replaceAll('\n', '\n  ')},
  "kinds": {
${lines(bundle.kinds, Object.keys(bundle.kinds))}
  },
  "$defs": {
${lines(bundle.definitions, reached)}
  }
}
`
  writeFileSync(new URL(`${name}.json`, import.meta.url), text)
  console.log(
    `${name}.json: ${Object.keys(bundle.kinds).length} kinds, ${reached.size} definitions, ${text.length} bytes`,
  )
}

const core = kubernetes()
const objectMeta = Object.fromEntries(Object.entries(core.definitions).filter(([name]) => name.startsWith('meta.v1.')))
const argo = argoCd(objectMeta)
for (const bundle of [core, argo]) {
  for (const [key, schema] of Object.entries(bundle.kinds)) addKindRule(key, schema)
}
write(KUBERNETES.name, core)
write(ARGO_CD.name, argo)
