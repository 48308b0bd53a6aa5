/**
 * Makes kubernetes.json, a file for each project of projects.ts, index.json (which file has which group) and provenance.json
 * from the Go modules that hold the originals.
 * Run from the repository's root; needs Go and its module proxy, which nothing else here does:
 *
 *     node --import tsx generators/validation/schema/bundle/make-bundle.ts
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { fromCrd, isCrd } from '../from-crd.ts'
import { child, isSchema, merge, references, type Schema, sortKeys } from '../schema-tree.ts'
import { deduplicate } from './deduplicate.ts'
import { fromOpenApi, isLeaf, kindOf, shortName } from './from-openapi.ts'
import { readGoEnums } from './go-enums.ts'
import { kindRule } from './kind-rules.ts'
import { type Overlay, overlays } from './overlay.ts'
import { KUBERNETES, PROJECTS, type Project } from './projects.ts'
import { openModule, type Provenance } from './sources.ts'
import { type Definitions, layVersions, type Versions } from './versions.ts'

interface Minor extends Definitions {
  provenance: Provenance
}

const SPECIFICATIONS = 'api/openapi-spec/v3'
const GO_ENUMS = 'pkg/generated/openapi/zz_generated.openapi.go'

/** `isNewest`: the overlay was written for it, so that each of its entries must find its place there. */
function kubernetes(version: string, isNewest: boolean): Minor {
  const source = openModule('k8s.io/kubernetes', version)
  const definitions: Record<string, Schema> = {}
  const keys = new Map<string, string>()
  for (const file of source.files(SPECIFICATIONS).filter((path) => /__v\d\w*_openapi\.json$/.test(path))) {
    const document = JSON.parse(source.read(file)) as Schema
    for (const [name, schema] of Object.entries((document['components'] as Schema)['schemas'] ?? {})) {
      const short = shortName(name)
      if (isLeaf(short)) continue
      definitions[short] = fromOpenApi(schema as Schema)
      const key = kindOf(schema as Schema)
      if (key !== undefined) keys.set(key, short)
    }
  }
  addGoEnums(definitions, source.read(GO_ENUMS))
  for (const overlay of overlays) applyOverlay(definitions, overlay, isNewest)
  const kinds: Record<string, Schema> = {}
  for (const [key, definition] of keys) {
    const schema = child(definitions, definition)
    const properties = { ...child(schema, 'properties'), ...identity(key) }
    // Nobody writes a status by hand, and the API server ignores it on a write of the object.
    if (properties['status']) properties['status'] = { type: 'object' }
    const required = ['apiVersion', 'kind', ...((schema['required'] as string[]) ?? [])]
    kinds[key] = { ...schema, properties, required: [...new Set(required)] }
    addKindRule(key, kinds[key], Number(minorOf(version).slice('1.'.length)))
  }
  return { provenance: source.provenance, ...reachable({ kinds, definitions }) }
}

function custom({ name, module, version, crds }: Project, objectMeta: Record<string, Schema>): Minor {
  const source = openModule(module, version)
  const files = crds
    .flatMap(source.files)
    .filter((path) => path.endsWith('.yaml') && !path.endsWith('kustomization.yaml'))
  const documents = files.flatMap((path) => parseAllDocuments(source.read(path)).map((document) => document.toJS()))
  const kinds: Record<string, Schema> = Object.assign({}, ...documents.filter(isCrd).map(fromCrd))
  for (const [key, schema] of Object.entries(kinds)) addKindRule(key, schema)
  const definitions = deduplicate(name, kinds)
  return { provenance: source.provenance, ...reachable({ kinds, definitions: { ...objectMeta, ...definitions } }) }
}

/** `apps/v1/Deployment` as the two fields that say so. */
function identity(key: string): Record<string, Schema> {
  const at = key.lastIndexOf('/')
  return { apiVersion: { const: key.slice(0, at) }, kind: { const: key.slice(at + 1) } }
}

function addGoEnums(definitions: Record<string, Schema>, source: string) {
  for (const { definition, property, isList, values } of readGoEnums(source)) {
    const fields = definitions[definition]?.['properties'] as Record<string, Schema> | undefined
    const field = fields?.[property]
    if (!field) continue
    const target = isList ? field['items'] : field
    if (isSchema(target)) target['enum'] = values
  }
}

function applyOverlay(definitions: Record<string, Schema>, overlay: Overlay, isNewest: boolean) {
  const { definition, required } = overlay
  if (!isNewest && !definitions[definition]) return
  const schema = child(definitions, definition)
  const properties = child(schema, 'properties')
  for (const [name, changes] of Object.entries(overlay.properties)) {
    if (isNewest || properties[name]) properties[name] = merge(child(properties, name), changes)
  }
  if (required) schema['required'] = [...new Set([...((schema['required'] as string[]) ?? []), ...required])]
}

/** A name, unless the object asks the API server to make one up; the rule for the name is the kind's. */
function addKindRule(key: string, schema: Schema, minor = Number.POSITIVE_INFINITY) {
  const rule = kindRule(key)
  if (!rule) return
  const format = rule.before && minor < rule.before.minor ? rule.before.name : rule.name
  const properties = child(schema, 'properties')
  properties['metadata'] = {
    ...child(properties, 'metadata'),
    type: 'object',
    properties: { name: { type: 'string', format } },
    if: { not: { required: ['generateName'] } },
    then: { required: ['name'] },
  }
  schema['required'] = [...new Set([...(schema['required'] as string[]), 'metadata', ...(rule.required ?? [])])]
}

/** Without the definitions that no kind reaches. */
function reachable({ kinds, definitions }: Definitions): Definitions {
  const reached = new Set<string>()
  const visit = (value: unknown) => {
    for (const reference of references(value)) {
      if (reached.has(reference)) continue
      reached.add(reference)
      visit(child(definitions, reference))
    }
  }
  visit(kinds)
  return { kinds, definitions: Object.fromEntries([...reached].map((name) => [name, child(definitions, name)])) }
}

/** One definition a line, keys sorted: a new release shows as the lines that changed. */
function write(name: string, { versions, kinds, definitions }: Versions) {
  const lines = (items: Record<string, unknown>) =>
    Object.keys(items)
      .sort()
      .map((key) => `    ${JSON.stringify(key)}: ${JSON.stringify(sortKeys(items[key]))}`)
      .join(',\n')
  const text = `{
  "versions": {
${lines(versions)}
  },
  "kinds": {
${lines(kinds)}
  },
  "$defs": {
${lines(definitions)}
  }
}
`
  writeFileSync(new URL(`${name}.json`, import.meta.url), text)
  console.log(
    `${name}.json: ${Object.keys(kinds).length} kinds, ${Object.keys(definitions).length} definitions, ${text.length} bytes`,
  )
}

/** `v3.5.7` -> `3.5`. */
function minorOf(version: string): string {
  return version.slice(1).split('.').slice(0, 2).join('.')
}

for (const file of readdirSync(new URL('.', import.meta.url))) {
  if (file.endsWith('.json')) rmSync(new URL(file, import.meta.url))
}
const minors = new Map(
  Object.entries(KUBERNETES).map(([minor, version], index) => [minor, kubernetes(version, index === 0)] as const),
)
write('kubernetes', layVersions(minors))
const [newest] = minors.values()
const objectMeta = Object.fromEntries(
  Object.entries(newest?.definitions ?? {}).filter(([name]) => name.startsWith('meta.v1.')),
)
const provenance = [...minors.values()].map((minor) => minor.provenance)
const groups: Record<string, string[]> = {}
for (const project of PROJECTS) {
  const minor = minorOf(project.version)
  const name = `${project.name}-${minor}`
  const made = custom(project, objectMeta)
  write(name, layVersions(new Map([[minor, made]])))
  provenance.push(made.provenance)
  for (const group of new Set(Object.keys(made.kinds).map((key) => key.slice(0, key.indexOf('/'))))) {
    groups[group] = [...(groups[group] ?? []), name]
  }
}
const json = (name: string, value: unknown) =>
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(value, null, 2)}\n`)
json('provenance', provenance)
json('index', { minors: Object.keys(KUBERNETES), groups: sortKeys(groups) })
