import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { modelNameSchema, objectSchema, referenceSchema, textSchema } from '../definitions/index.ts'
import { Failure, type Finding, hasErrors } from '../findings/index.ts'
import { applicationFile, applicationSetFile, modelFolder } from '../manifests/index.ts'
import { paths } from '../repository/index.ts'
import { schemaCheck, sha256 } from '../text/index.ts'
import type { Kind } from './conflicting-pull-requests.ts'
import type { DecidedChange } from './decided-change.ts'

/**
 * What `promote --plan` decided, as data. The job that evaluates definitions writes it and has no secret; the job that has the token reads
 * it with `publish` and evaluates nothing. Labels, reviewers, the branch and the commit message follow from it there.
 */
export interface PublicationPlan {
  format: typeof FORMAT
  /** The branch that the pull requests go into. */
  baseBranch: string
  entries: PlanEntry[]
}

export type PlanEntry = ProposedChange | Withdrawal

type Target = Pick<DecidedChange, 'kind' | 'model' | 'environment' | 'baseCommit'>

/** A branch and its pull request. */
export interface ProposedChange extends Omit<DecidedChange, 'files'> {
  action: 'propose'
  files: PlannedFile[]
}

/** `text` null: the file is removed. */
export interface PlannedFile {
  path: string
  text: string | null
}

/** Nothing is left to change: a pull request that is open is closed. */
export interface Withdrawal extends Target {
  action: 'withdraw'
}

const FORMAT = 'modelyard-plan/1'
/** What is decided without a person. */
const KINDS: readonly Kind[] = ['promote', 'image']
/** Bytes of a whole plan. */
export const MAX_PLAN_BYTES = 64 * 2 ** 20
const MAX_ENTRIES = 10_000
const MAX_FILES = 200
/** Characters. A ConfigMap holds 1 MiB. */
const MAX_FILE_TEXT = 2 ** 20
/** Characters: GitHub's limits. */
const MAX_TITLE = 256
const MAX_BODY = 65_536
const MAX_WORDS = 10_000

const list = (items: object, maxItems: number) => ({ type: 'array', items, maxItems })
const environmentName = { ...modelNameSchema, maxLength: 20 }
const words = { type: 'string', maxLength: MAX_WORDS }
const finding = objectSchema(
  {
    rule: textSchema('^[a-z0-9-]+$', 'the id of a rule'),
    severity: { enum: ['error', 'warning', 'info'] },
    message: words,
  },
  {
    file: words,
    line: { type: 'integer', minimum: 1 },
    column: { type: 'integer', minimum: 1 },
    path: words,
    object: words,
    fix: words,
  },
)
const entry = {
  kind: { enum: KINDS },
  model: modelNameSchema,
  environment: environmentName,
  baseCommit: textSchema('^[0-9a-f]{40}([0-9a-f]{24})?$', 'the full id of a commit'),
}
const proposedChange = objectSchema(
  {
    action: { const: 'propose' },
    ...entry,
    // A title becomes the first line of a commit, and none is a trailer.
    title: textSchema('^(Promote|Serving image) ', 'the title of a promotion', MAX_TITLE),
    body: { type: 'string', maxLength: MAX_BODY },
    after: referenceSchema,
    source: environmentName,
    overrides: list(objectSchema({ gate: textSchema('^[\\w-]+$', 'the name of a gate'), reason: words }), 100),
    findings: list(finding, 10_000),
    files: {
      ...list(
        objectSchema({
          path: textSchema('^[^\\p{C}]+$', 'a path', 1024),
          text: { type: ['string', 'null'], maxLength: MAX_FILE_TEXT },
        }),
        MAX_FILES,
      ),
      minItems: 1,
    },
  },
  { before: referenceSchema },
)
const checkPlan = schemaCheck(
  'plan-invalid',
  objectSchema({
    format: { const: FORMAT },
    baseBranch: { type: 'string', minLength: 1, maxLength: 250 },
    entries: list(
      {
        type: 'object',
        required: ['action'],
        properties: { action: { enum: ['propose', 'withdraw'] } },
        if: { properties: { action: { const: 'propose' } } },
        then: proposedChange,
        else: objectSchema({ action: { const: 'withdraw' }, ...entry }),
      },
      MAX_ENTRIES,
    ),
  }),
)

/** What a plan may be about, said by whoever publishes it. */
export interface PlanBounds {
  /** `sha256:` and the digest of the file's bytes, as `promote --plan` printed it. */
  digest: string
  baseBranch: string
  /** Absent: any. */
  environment?: string
  /** Gates that a plan may override: whoever publishes it answers for them. Default: none. */
  overrides?: readonly string[]
}

/** A change with its files, as they are in a work tree. */
export function planned(directory: string, change: DecidedChange): ProposedChange {
  const files = change.files.map((path) => {
    const file = join(directory, path)
    return { path, text: existsSync(file) ? readFileSync(file, 'utf8') : null }
  })
  return { action: 'propose', ...change, files }
}

/** The text of a plan's file, and the digest that goes with it. */
export function formatPlan(baseBranch: string, entries: readonly PlanEntry[]): { text: string; digest: string } {
  const formatted = `${JSON.stringify({ format: FORMAT, baseBranch, entries }, null, 1)}\n`
  return { text: formatted, digest: `sha256:${sha256(formatted)}` }
}

/**
 * Reads a plan that another process wrote, and refuses all that a promotion does not do.
 * @throws Failure with every finding
 */
export function readPlan(file: string, content: Buffer, bounds: PlanBounds): PublicationPlan {
  const digest = `sha256:${sha256(content)}`
  if (digest !== bounds.digest) {
    throw new Failure(`${file} has digest ${digest}, expected ${bounds.digest}`, {
      fix: 'Pass the digest that promote --plan printed. If it is the same, the file was changed since: make the plan again.',
    })
  }
  const value = parse(file, content)
  const findings = checkPlan(value, { file, lineOf: () => undefined })
  if (hasErrors(findings)) throw refused(file, findings)
  const plan = value as PublicationPlan
  const problems = [...boundProblems(plan, bounds), ...plan.entries.flatMap(entryProblems), ...repeated(plan)]
  if (problems.length > 0)
    throw refused(
      file,
      problems.map((problem) => invalid(file, problem)),
    )
  return plan
}

function parse(file: string, content: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch (error) {
    throw refused(file, [invalid(file, `is not JSON: ${(error as Error).message}`)])
  }
}

function refused(file: string, findings: Finding[]): Failure {
  return new Failure(`${file} is not published`, { findings })
}

function invalid(file: string, message: string): Finding {
  const fix = 'Make the plan again with promote --plan.'
  return { rule: 'plan-invalid', severity: 'error', message, file, fix }
}

function boundProblems({ baseBranch, entries }: PublicationPlan, bounds: PlanBounds): string[] {
  const elsewhere = entries.filter(({ environment }) => environment !== (bounds.environment ?? environment))
  const allowed = bounds.overrides ?? []
  const overrides = entries.flatMap((planned) => (planned.action === 'propose' ? planned.overrides : []))
  const gates = [...new Set(overrides.map(({ gate }) => gate))].filter((gate) => !allowed.includes(gate))
  return [
    ...gates.map((gate) => `the gate ${gate} is overridden, and --override ${gate} was not given`),
    ...(baseBranch === bounds.baseBranch ? [] : [`baseBranch is ${baseBranch}, and not ${bounds.baseBranch}`]),
    ...elsewhere.map(
      ({ model, environment }) => `${model} is planned for ${environment}, and not ${bounds.environment}`,
    ),
  ]
}

/** Each has a branch of its own. */
function repeated({ entries }: PublicationPlan): string[] {
  const names = entries.map(({ kind, model, environment }) => `${kind} of ${model} to ${environment}`)
  return [...new Set(names.filter((name, index) => names.indexOf(name) < index))].map(
    (name) => `${name} is planned twice`,
  )
}

function entryProblems(planned: PlanEntry): string[] {
  if (planned.action === 'withdraw') return []
  const { model, environment, files } = planned
  const pin = paths.pin(environment, model)
  const all = files.map(({ path }) => path)
  return [
    ...files
      .filter((file) => !isPromoted(planned, file))
      .map(({ path, text }) =>
        text === null ? `${model}: ${path} must not be removed` : `${model}: ${path} is not a file of this promotion`,
      ),
    ...all.filter((path, index) => all.indexOf(path) < index).map((path) => `${model}: ${path} is there twice`),
    ...(all.includes(pin) ? [] : [`${model}: ${pin} is missing`]),
  ]
}

/** A file of dist/ as `synth` names it: no hidden one, no folder below. */
const MANIFEST = /^[a-z0-9][a-z0-9.-]*\.yaml$/
const RELEASE = /^\d+\.\d+\.\d+-[0-9a-f]{8}$/

/** What a promotion writes: its pin, its release, and the objects of its model there. */
function isPromoted({ model, environment }: Target, { path, text }: PlannedFile): boolean {
  if (path === paths.pin(environment, model)) return text !== null
  const [, release = ''] = /\/([^/]+)\.yaml$/.exec(path) ?? []
  if (path === paths.release(model, release)) return text !== null && RELEASE.test(release)
  const folder = `${modelFolder(environment, model)}/`
  if (path.startsWith(folder)) return MANIFEST.test(path.slice(folder.length))
  const applications = [applicationFile(environment, model), applicationSetFile(environment)]
  return applications.includes(path) && text !== null
}
