import type { Dirent } from 'node:fs'
import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type DefinedEnvironment,
  type DefinedModel,
  environmentSchema,
  modelSchema,
  type PinFile,
  pinSchema,
  type ReleaseFile,
  readPin,
  releaseSchema,
  type VersionFile,
  versionSchema,
} from '../definitions/index.ts'
import { Failure, type Finding, formatPath } from '../findings/index.ts'
import { type Located, schemaCheck } from '../text/index.ts'
import { parseYaml } from '../yaml/index.ts'
import { checkEnvironmentDefinition, checkModelDefinition } from './definition-rules.ts'
import { type EvaluatedDefinitions, evaluateDefinitions } from './evaluation/evaluate.ts'
import { isLink, kindFindings } from './inner-path.ts'
import { ENVIRONMENTS, type Loaded, type LoadedModel, MODELS, paths, type Repository } from './repository.ts'
import { sourcePositions } from './source-positions.ts'

const checkModelSchema = schemaCheck('definition-invalid', modelSchema)
const checkEnvironmentSchema = schemaCheck('definition-invalid', environmentSchema)
const checkVersionSchema = schemaCheck('version-invalid', versionSchema)
const checkReleaseSchema = schemaCheck('release-invalid', releaseSchema)
const checkPinSchema = schemaCheck('pin-invalid', pinSchema)

type Check = (value: unknown, located: Located) => Finding[]

export interface LoadOptions {
  /** See `evaluateDefinitions`; by default the repository itself. */
  packagesRoot?: string
  /** This model alone, as if there were no other. */
  model?: string
}

/**
 * Reads models/ and environments/: the only reader of them. Whatever is wrong becomes a finding; only a folder that is no
 * Modelyard repository, or one that cannot be read, throws.
 */
export async function loadRepository(root: string, options: LoadOptions = {}): Promise<Repository> {
  const { packagesRoot = root, model } = options
  const repository: Repository = {
    root,
    packagesRoot,
    models: new Map(),
    environments: new Map(),
    unreadable: new Set(),
    leftOut: new Set(),
    findings: [],
  }
  const [allModels, environmentNames] = await Promise.all([
    foldersWith(root, MODELS, ['model.ts', 'versions']),
    foldersWith(root, ENVIRONMENTS, ['environment.ts']),
  ])
  const modelNames = model === undefined ? allModels : allModels.filter((name) => name === model)
  for (const name of allModels) if (!modelNames.includes(name)) repository.leftOut.add(name)
  if (environmentNames.length === 0) {
    throw new Failure(`${root} is not a Modelyard repository: it has no environments/<name>/environment.ts`, {
      fix: 'Run modelyard inside the repository, or name it with --root.',
    })
  }
  const modelFiles = await existing(root, modelNames.map(paths.model))
  // A link is followed by the bundler, which refuses what is outside of the repository.
  const definitionFiles = [...modelFiles, ...environmentNames.map(paths.environment)].filter(
    (file) => isLink(join(root, file)) || !refuse(repository, file, kindFindings(root, file, 'file')),
  )
  const definitions = await evaluateDefinitions(root, definitionFiles, packagesRoot)
  repository.findings.push(...definitions.findings)
  // The finding may name a module that several definitions import.
  for (const file of definitionFiles) if (!definitions.values.has(file)) repository.unreadable.add(file)

  for (const name of modelNames) {
    const definition = await defined<DefinedModel>(repository, definitions, paths.model(name), 'defineModel', [
      checkModelSchema,
      (value, located) => checkModelDefinition(value as DefinedModel, name, located),
    ])
    repository.models.set(name, {
      name,
      ...(definition && { definition }),
      versions: await documents<VersionFile>(repository, `${MODELS}/${name}/versions`, checkVersionSchema),
      releases: await documents<ReleaseFile>(repository, `${MODELS}/${name}/releases`, checkReleaseSchema),
    } satisfies LoadedModel)
  }
  for (const name of environmentNames) {
    const file = paths.environment(name)
    const definition = await defined<DefinedEnvironment>(repository, definitions, file, 'defineEnvironment', [
      checkEnvironmentSchema,
      (value, located) => checkEnvironmentDefinition(value as DefinedEnvironment, name, located),
    ])
    const written = await documents<PinFile>(repository, `${ENVIRONMENTS}/${name}/pins`, checkPinSchema)
    const pins = new Map([...written].map(([model, pin]) => [model, { ...pin, value: readPin(pin.value) }]))
    if (definition) repository.environments.set(name, { definition, pins })
  }
  linkSources(repository)
  return repository
}

/** An environment promotes from the environment of that name, and not from what its own file took for it. */
function linkSources({ environments }: Repository): void {
  const linked = new Set<string>()
  const link = (name: string): DefinedEnvironment | undefined => {
    const environment = environments.get(name)
    if (!environment) return undefined
    const { value } = environment.definition
    if (linked.has(name) || !value.promotesFrom) return value
    linked.add(name)
    const promotesFrom = link(value.promotesFrom.name) ?? value.promotesFrom
    const definition = { ...environment.definition, value: Object.freeze({ ...value, promotesFrom }) }
    environments.set(name, { ...environment, definition })
    return definition.value
  }
  for (const name of environments.keys()) link(name)
}

async function defined<T>(
  repository: Repository,
  { values, notData }: EvaluatedDefinitions,
  file: string,
  call: string,
  checks: Check[],
): Promise<Loaded<T> | undefined> {
  if (!values.has(file)) return undefined
  const text = await readFile(join(repository.root, file), 'utf8')
  const value = values.get(file)
  const located = { file, lineOf: sourcePositions(text) }
  const wrong = notData.get(file)
  if (wrong) {
    const path = formatPath(wrong.path)
    const message = path === '' ? wrong.message : `${path}: ${wrong.message}`
    const at = { file, line: located.lineOf(wrong.path) ?? 1, ...(path !== '' && { path }) }
    const fix = 'Write a text, a number, a list or an object: a definition is data.'
    refuse(repository, file, [{ rule: 'definition-invalid', severity: 'error', message, ...at, fix }])
    return undefined
  }
  if ((value as { kind?: string } | undefined)?.kind !== (call === 'defineModel' ? 'model' : 'environment')) {
    const message = `has no default export made by ${call}({...})`
    const fix = `Write \`export default ${call}({ ... })\`.`
    refuse(repository, file, [{ rule: 'definition-unreadable', severity: 'error', message, file, line: 1, fix }])
    return undefined
  }
  // Rules of meaning read fields that only the schema guarantees.
  for (const check of checks) {
    const findings = check(value, located)
    if (refuse(repository, file, findings)) return undefined
  }
  return { ...located, text, value: value as T }
}

async function documents<T>(repository: Repository, folder: string, check: Check): Promise<Map<string, Loaded<T>>> {
  const loaded = new Map<string, Loaded<T>>()
  if (refuse(repository, folder, kindFindings(repository.root, folder, 'folder'))) return loaded
  for (const name of await yamlFiles(join(repository.root, folder))) {
    const file = `${folder}/${name}`
    if (refuse(repository, file, kindFindings(repository.root, file, 'file'))) continue
    const { document, findings } = parseYaml(file, await readFile(join(repository.root, file), 'utf8'))
    if (refuse(repository, file, document ? check(document.value, document) : findings)) continue
    if (document) loaded.set(name.replace(/\.yaml$/, ''), { ...document, value: document.value as T })
  }
  return loaded
}

/** Adds the findings; true when they make the file unusable. */
function refuse(repository: Repository, file: string, findings: Finding[]): boolean {
  repository.findings.push(...findings)
  const unusable = findings.some((finding) => finding.severity === 'error')
  if (unusable) repository.unreadable.add(file)
  return unusable
}

async function foldersWith(root: string, parent: string, markers: string[]): Promise<string[]> {
  const entries = await entriesOf(join(root, parent))
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const marked = await Promise.all(
    folders.map(
      async (name) =>
        (
          await existing(
            root,
            markers.map((marker) => `${parent}/${name}/${marker}`),
          )
        ).length > 0,
    ),
  )
  return folders.filter((_, index) => marked[index]).sort()
}

async function existing(root: string, files: string[]): Promise<string[]> {
  const exists = await Promise.all(
    files.map((file) =>
      access(join(root, file)).then(
        () => true,
        () => false,
      ),
    ),
  )
  return files.filter((_, index) => exists[index])
}

async function yamlFiles(folder: string): Promise<string[]> {
  const names = (await entriesOf(folder)).map((entry) => entry.name)
  return names.filter((name) => name.endsWith('.yaml')).sort()
}

/** Nothing for a folder that is not there; one that cannot be read is not an empty one. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
