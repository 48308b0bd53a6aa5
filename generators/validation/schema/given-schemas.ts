import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../../findings/index.ts'
import { readStream } from '../../yaml/index.ts'
import { type Crd, fromCrd, isCrd } from './from-crd.ts'
import { isSchema, type Schema } from './schema-tree.ts'
import { bundledSchemas, compileBundle, createAjv, type KindValidator, type Schemas } from './validators.ts'

/** A JSON Schema file, with what its name says of the kind that it describes. */
interface SchemaFile {
  path: string
  /** In lower case, as kubeconform names files. */
  kind: string
  /** The whole group, or its first label; absent for the core. */
  group?: string
  version: string
}

/** kubeconform's layouts: `<kind>-<first label of the group>-<version>.json`, and `<group>/<kind>_<version>.json`. */
const FLAT = /^([a-z0-9]+)(?:-([a-z0-9.]+))?-(v\d[a-z0-9]*)\.json$/
const BY_GROUP = /^([a-z0-9]+)_(v\d[a-z0-9]*)\.json$/

/**
 * The schemas that a user names, before those of the bundle: JSON Schema files in kubeconform's layouts, and
 * CustomResourceDefinitions, in files or folders. Throws a Failure for a path that holds neither.
 */
export function givenSchemas(paths: readonly string[], minor: string): Schemas {
  const files: SchemaFile[] = []
  const validators = new Map<string, KindValidator>()
  const bundled = bundledSchemas(minor)
  for (const path of paths) {
    const found = filesOf(path).map((file) => schemaFile(file) ?? addCrds(file, bundled, validators))
    const usable = found.filter((item) => item !== false)
    if (usable.length === 0) {
      throw new Failure(`${path} holds no schema: no CustomResourceDefinition, no <kind>-<group>-<version>.json`, {
        fix: 'Name the YAML of a CustomResourceDefinition, or JSON Schemas as kubeconform names them.',
      })
    }
    files.push(...usable.filter((item) => item !== true))
  }
  return {
    minor,
    validatorFor(key) {
      const known = validators.get(key)
      if (known) return known
      const file = files.find((item) => describes(item, key))
      if (!file) return bundled.validatorFor(key)
      const validator = fromJsonSchema(file.path)
      validators.set(key, validator)
      return validator
    },
    knownKinds: () => [...new Set([...validators.keys(), ...bundled.knownKinds()])],
  }
}

function filesOf(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) throw new Failure(`${path} does not exist`, { fix: 'Name a file or a folder of schemas.' })
  if (!stats.isDirectory()) {
    if (stats.isFile()) return [path]
    throw new Failure(`${path} is neither a file nor a folder`, { fix: 'Name a file or a folder of schemas.' })
  }
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(path, name))
}

function schemaFile(path: string): SchemaFile | undefined {
  const name = basename(path)
  const [, kind, version] = BY_GROUP.exec(name) ?? []
  if (kind !== undefined && version !== undefined) return { path, kind, group: basename(dirname(path)), version }
  const [, flatKind, group, flatVersion] = FLAT.exec(name) ?? []
  if (flatKind === undefined || flatVersion === undefined) return undefined
  return { path, kind: flatKind, version: flatVersion, ...(group !== undefined && { group }) }
}

/** True when the file holds CustomResourceDefinitions. */
function addCrds(path: string, bundled: Schemas, validators: Map<string, KindValidator>): boolean {
  const { documents } = readStream({ file: path, text: () => readFileSync(path, 'utf8') })
  const crds = documents.map(({ value }) => value).filter(isCrd)
  for (const crd of crds) {
    for (const [key, validator] of validatorsOf(kindsOf(crd, path), path, bundled)) validators.set(key, validator)
  }
  return crds.length > 0
}

function validatorsOf(kinds: Record<string, Schema>, id: string, bundled: Schemas): [string, KindValidator][] {
  // Metadata is Kubernetes' own, whatever the kind.
  const $defs = { ...bundled.validatorFor('v1/Namespace')?.definitions }
  const { validator } = compileBundle(id, { kinds, $defs }, { trusted: false })
  return Object.keys(kinds).map((key) => [key, validator(key, false)])
}

/**
 * The schemas, and those of CustomResourceDefinitions that are among the objects, for kinds that no other schema is of. One that
 * cannot be used is told of as an object, and describes nothing.
 */
export function withDefinitionsIn(objects: readonly { value: unknown }[], schemas: Schemas): Schemas {
  const definitions = new Map<string, Crd>()
  for (const { value } of objects) {
    if (!isCrd(value)) continue
    const { group, names, versions } = value.spec
    for (const { name } of versions) definitions.set(`${group}/${name}/${names.kind}`, value)
  }
  if (definitions.size === 0) return schemas
  const validators = new Map<string, KindValidator>()
  return {
    minor: schemas.minor,
    validatorFor(key) {
      const crd = definitions.get(key)
      const known = schemas.validatorFor(key) ?? validators.get(key)
      if (known || !crd) return known
      definitions.delete(key)
      try {
        for (const [own, validator] of validatorsOf(fromCrd(crd), key, schemas)) validators.set(own, validator)
      } catch {
        return undefined
      }
      return validators.get(key)
    },
    knownKinds: () => [...new Set([...definitions.keys(), ...schemas.knownKinds()])],
  }
}

function kindsOf(crd: Crd, path: string): Record<string, Schema> {
  try {
    return fromCrd(crd)
  } catch (error) {
    throw new Failure(`${path}: ${(error as Error).message}`, { fix: 'Correct the CustomResourceDefinition.' })
  }
}

function describes({ kind, group, version }: SchemaFile, key: string): boolean {
  const parts = key.toLowerCase().split('/')
  const wanted = parts.length === 3 ? parts[0] : undefined
  if (parts.at(-1) !== kind || parts.at(-2) !== version) return false
  return group === wanted || (wanted !== undefined && group === wanted.split('.', 1)[0])
}

/** Any JSON Schema: by ajv alone, leniently, since it was written for another validator. */
function fromJsonSchema(path: string): KindValidator {
  const ajv = createAjv({ trusted: false, strict: false })
  try {
    const schema = JSON.parse(readFileSync(path, 'utf8')) as Schema
    if (!isSchema(schema)) throw new Error('is no map')
    const { $schema: _, ...body } = schema
    const validate = ajv.compile(body)
    return {
      schema: body,
      definitions: {},
      nullIsAbsent: false,
      hasRules: () => false,
      keyedLists: () => undefined,
      isPlainlyValid: () => false,
      errorsOf: (value) => (validate(value) ? [] : (validate.errors ?? [])),
    }
  } catch (error) {
    const fix = 'Use schemas that stand alone: kubeconform names their folders "-standalone" or "-standalone-strict".'
    throw new Failure(`${path} is no JSON Schema that can be used: ${(error as Error).message}`, { fix })
  }
}
