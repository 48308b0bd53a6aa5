import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject } from 'ajv'
import { formats } from './formats.ts'

interface Bundle {
  kinds: Record<string, object>
  $defs: Record<string, object>
}

interface BundleFile {
  file: string
  /** The API server decodes a built-in kind into Go, where null is the same as not written; a custom resource keeps it. */
  nullIsAbsent: boolean
}

/** Made by bundle/make-bundle.ts; each file records where its schemas came from. */
const BUNDLES: BundleFile[] = [
  { file: 'kubernetes-1.36.json', nullIsAbsent: true },
  { file: 'argo-cd-3.5.json', nullIsAbsent: false },
]

/** Validates one kind of object. */
export interface KindValidator {
  nullIsAbsent: boolean
  errorsOf(value: unknown): ErrorObject[]
}

let known: Map<string, () => KindValidator> | undefined

/** Every `apiVersion/Kind` that can be checked. */
export function knownKinds(): string[] {
  return [...validators().keys()]
}

/** The validator of `apiVersion/Kind`, compiled when it is first asked for; undefined when there is no schema. */
export function validatorFor(kind: string): KindValidator | undefined {
  return validators().get(kind)?.()
}

function validators() {
  known ??= new Map(BUNDLES.flatMap(readBundle))
  return known
}

/** Trusted as it stands (a test compiles it under ajv's meta-schema): every millisecond here is one before the first finding. */
function readBundle({ file, nullIsAbsent }: BundleFile): [string, () => KindValidator][] {
  const bundle = JSON.parse(readFileSync(new URL(`./bundle/${file}`, import.meta.url), 'utf8')) as Bundle
  let ajv: Ajv | undefined
  const compile = (kind: string): KindValidator => {
    ajv ??= createAjv({ trusted: true }).addSchema({ $id: file, $defs: { ...bundle.$defs, ...bundle.kinds } })
    const validate = ajv.getSchema(`${file}#/$defs/${kind.replaceAll('/', '~1')}`)
    if (!validate) throw new Error(`${file} has no schema of ${kind}`)
    return { nullIsAbsent, errorsOf: (value) => (validate(value) ? [] : (validate.errors ?? [])) }
  }
  return Object.keys(bundle.kinds).map((kind) => {
    let validator: KindValidator | undefined
    return [
      kind,
      () => {
        validator ??= compile(kind)
        return validator
      },
    ]
  })
}

/**
 * Ajv as the bundle needs it. Without its optimizer and inlining it compiles a Deployment twice as fast, and validates
 * no slower.
 */
export function createAjv(options: { trusted: boolean }): Ajv {
  const ajv = new Ajv({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    allErrors: true,
    verbose: true,
    inlineRefs: false,
    validateSchema: !options.trusted,
    meta: !options.trusted,
    code: { optimize: false, regExp: goRegExp },
  })
  for (const [name, format] of Object.entries(formats)) {
    if (format.type === 'number') ajv.addFormat(name, { type: 'number', validate: format.validate })
    else ajv.addFormat(name, { type: 'string', validate: format.validate })
  }
  return ajv
}

/** Patterns in CRDs are Go's: `(?i)` at the start is JavaScript's flag, and some escapes are an error under `u`. */
export function goRegExp(pattern: string, flags: string): RegExp {
  const insensitive = /^\^?\(\?i\)/.test(pattern)
  const source = insensitive ? pattern.replace('(?i)', '') : pattern
  const all = insensitive ? `${flags}i` : flags
  try {
    return new RegExp(source, all)
  } catch {
    return new RegExp(source, all.replace('u', ''))
  }
}
goRegExp.code = 'new RegExp'
