import type { Finding, RuleId } from '../findings/index.ts'
import { checkObjects } from './check-objects.ts'
import { CLOSED_WORLD, OPEN_WORLD } from './cluster-scope.ts'
import { configured, openConfiguration, type Suppressed } from './configuration/index.ts'
import type { Edit } from './fixes/index.ts'
import { DEFAULT_LAYERS, type Layer, objectRulesOf, rulesOutside } from './layers.ts'
import { about, type ManifestObject, readManifestInputs } from './manifest-objects.ts'
import { checkResourceRules, checkSchema, openSchemas, type SchemaSource, withDefinitionsIn } from './schema/index.ts'
import type { ServerOptions } from './server/index.ts'

export interface ManifestValidation {
  findings: Finding[]
  suppressed: Suppressed[]
  counts: { files: number; objects: number; otherDocuments: number }
  /** Repairs that are certain, when they were asked for. */
  fixes?: Edit[]
  /** Address of the API server that was asked. */
  server?: string
}

export interface ManifestOptions extends SchemaSource {
  /** The inputs are all there is: what they name and do not hold does not exist. */
  complete?: boolean
  /** The layers to check; schema, references and policy when they are left out. */
  only?: readonly Layer[]
  /** An object of a kind without a schema is left alone instead of being a "could not check". */
  ignoreMissingSchemas?: boolean
  /** A configuration; modelyard.yaml of the current folder when it is left out and there is one. */
  config?: string
  /** Says how to repair what is found, where that is certain. */
  fixes?: boolean
  /** By file: what it would hold after repairs that nobody has made yet. */
  texts?: ReadonlyMap<string, string>
  /** The API server to ask as well. */
  server?: ServerOptions
  /** `2026-11-21`: suppressions end. Default: the day it is. */
  today?: string
}

/** What only a server says. */
export const SERVER_RULES: readonly RuleId[] = ['server-namespace-missing', 'server-refused', 'server-warning']

/**
 * Every check of Kubernetes objects that needs no repository, in one pass; writes nothing. The way the data flows, here and for
 * dist/ of a repository (validate.ts):
 *
 *     inputs      folders, files, standard input, dist/             manifest-sources.ts
 *     -> texts    one at a time, bounded, UTF-8                      manifest-sources.ts
 *     -> documents  values as Kubernetes reads them                  text/manifest-stream.ts
 *     -> objects  `ManifestObject {file, value, lineOf}`, Lists expanded  manifest-objects.ts
 *     -> layers   schema with its rules in CEL, references, policy (layers.ts): each `(objects, options) -> findings`, pure,
 *                 none knows of another
 *     -> findings sorted by file and line
 *
 * Reading notes no positions: only `lineOf`, which a finding calls, reads its document once more to find lines.
 * Throws a Failure for an input that does not exist, and for schemas that cannot be used.
 */
export async function validateManifests(
  inputs: readonly string[],
  options: ManifestOptions = {},
): Promise<ManifestValidation> {
  const known = openSchemas(options)
  const configuration = openConfiguration('.', options.config)
  const { objects, findings, comments, files, otherDocuments } = readManifestInputs(inputs, options.texts)
  const schemas = withDefinitionsIn(objects, known)
  const { complete = false, ignoreMissingSchemas = false, only = DEFAULT_LAYERS } = options
  const checksSchema = only.includes('schema')
  // In a thread of its own, while the others run.
  const ownCode = only.includes('api-server') ? askOwnCode(objects, known.minor, { isAlone: !checksSchema }) : undefined
  const asked = options.server ? await ask(objects, options.server) : undefined
  const all = [
    ...findings,
    ...(objects.length === 0 && findings.length === 0 ? [nothingIn(inputs)] : []),
    ...(checksSchema ? checkSchema(objects, { schemas, ignoreMissingSchemas }) : []),
    ...(checksSchema ? await checkResourceRules(objects, { schemas }) : []),
    ...checkObjects(objects, {
      rules: objectRulesOf(only),
      world: complete ? CLOSED_WORLD : OPEN_WORLD,
      ruleOptions: configuration.options,
      ...(options.kubernetesVersion !== undefined && { kubernetes: options.kubernetesVersion }),
    }),
    ...((await ownCode) ?? []),
    ...(asked?.findings ?? []),
  ]
  const result = configured(all, configuration, {
    objects,
    comments,
    notLookedFor: [...rulesOutside(only), ...(asked === undefined ? SERVER_RULES : [])],
    isInSight: (one) => objects.some((object) => one.covers({ ...NO_FINDING, file: object.file, ...about(object) })),
    ...(options.today !== undefined && { today: options.today }),
  })
  const fixes = options.fixes
    ? (await import('./fixes/index.ts')).fixesOf(objects, result.findings, schemas)
    : undefined
  const counts = { files, objects: objects.length, otherDocuments }
  return { ...result, counts, ...(fixes && { fixes }), ...(asked?.server !== undefined && { server: asked.server }) }
}

/** Only this loads megabytes of WebAssembly. */
async function askOwnCode(objects: readonly ManifestObject[], minor: string, options: { isAlone: boolean }) {
  return (await import('./api-server/index.ts')).askOwnCode(objects, minor, options)
}

/** Only this needs another program and a network. */
async function ask(objects: readonly ManifestObject[], options: ServerOptions) {
  return (await import('./server/index.ts')).askServer(objects, options)
}

const NO_FINDING: Finding = { rule: 'input-empty', severity: 'info', message: '' }

function nothingIn(inputs: readonly string[]): Finding {
  return {
    rule: 'input-empty',
    severity: 'warning',
    message: `could not check: no Kubernetes object in ${inputs.join(', ')}`,
    fix: 'Name the folder that holds the manifests; for a pipe, see that the command before it succeeded.',
  }
}
