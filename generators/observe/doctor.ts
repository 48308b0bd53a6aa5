import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { ArtifactError, createStoreClient } from 'modelyard-serving/artifact'
import { inParallel, needsCredentials, placeOf, type WantedFile, wantedFiles } from '../artifacts/index.ts'
import { type ArtifactStore, artifactAddress, type DefinedEnvironment, storeVariables } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import { createGitHubClient } from '../forges/index.ts'
import { forgeRepository, GitFailure, openRepository, tokenFrom } from '../git/index.ts'
import type { Plan, PlannedEnvironment } from '../repository/index.ts'
import { applicationsOf } from './argo-cd.ts'
import { reasonOf } from './exchange.ts'
import { queryPrometheus } from './prometheus.ts'
import { recipientsAt, storesAt, type TokenRecipients } from './recipients.ts'

/** One thing that Modelyard needs from outside. `unknown`: it could not be looked at from here. */
export interface Diagnosis {
  what: string
  result: 'ok' | 'wrong' | 'unknown'
  detail: string
  fix?: string
}

export interface DoctorOptions {
  remote: string
  baseBranch: string
  apiUrl?: string
}

const TIMEOUT = 10_000

/** Looks at everything that commands lean on and only fail with when they are run. */
export async function diagnose(root: string, plan: Plan | undefined, options: DoctorOptions): Promise<Diagnosis[]> {
  const environments = plan?.environments ?? []
  const base = `${options.remote}/${options.baseBranch}`
  const recipients = await recipientsAt(root, base)
  const stores = environments.some(({ definition }) => needsCredentials(definition.artifacts))
    ? await storesAt(root, base)
    : new Map<string, ArtifactStore>()
  const places = environments.map(async (environment) => [
    ...(await argoCd(environment.definition, recipients)),
    ...(await prometheus(environment.definition, recipients)),
    await artifacts(environment, { base, known: stores.get(environment.definition.name) }),
  ])
  return (await Promise.all([[node()], gitHistory(root, options), forge(root, options), ...places])).flat()
}

function node(): Diagnosis {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const what = 'Node.js'
  if (major > 20 || (major === 20 && minor >= 19)) return { what, result: 'ok', detail: process.versions.node }
  return { what, result: 'wrong', detail: process.versions.node, fix: 'Install Node.js 20.19 or newer.' }
}

async function gitHistory(root: string, { remote, baseBranch }: DoctorOptions): Promise<Diagnosis[]> {
  const what = 'Git history'
  try {
    const { git } = await openRepository(root)
    const shallow = (await git(['rev-parse', '--is-shallow-repository'])).trim() === 'true'
    const depth = (await git(['rev-list', '--count', 'HEAD'])).trim()
    const fix = 'Fetch the whole history: git fetch --unshallow, or fetch-depth: 0 in a workflow.'
    const history: Diagnosis = shallow
      ? {
          what,
          result: 'wrong',
          detail: `shallow, ${depth} commits: rollback and history do not see what ran before`,
          fix,
        }
      : { what, result: 'ok', detail: `${depth} commits, complete` }
    const tip = await git(['ls-remote', '--exit-code', '--heads', remote, baseBranch], { silence: TIMEOUT }).catch(
      (error: unknown) => {
        if (error instanceof GitFailure) return error
        throw error
      },
    )
    const name = `${remote}/${baseBranch}`
    if (typeof tip === 'string') return [history, { what: name, result: 'ok', detail: tip.slice(0, 7) }]
    const detail = tip.message.split('\n')[0] || 'no such branch'
    return [
      history,
      {
        what: name,
        result: 'wrong',
        detail,
        fix: `Name them: --remote and --base, or baseBranch in modelyard.yaml. Check the rights to fetch.`,
      },
    ]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [{ what, result: 'wrong', detail: error.message, ...(error.fix !== undefined && { fix: error.fix }) }]
  }
}

async function forge(root: string, { remote, baseBranch, apiUrl }: DoctorOptions): Promise<Diagnosis[]> {
  const what = 'forge token'
  const token = tokenFrom(process.env)
  const fix = 'Set GITHUB_TOKEN to a token with "contents: write" and "pull requests: write".'
  if (token === undefined) return [{ what, result: 'unknown', detail: 'neither GITHUB_TOKEN nor GH_TOKEN is set', fix }]
  try {
    const repository = await forgeRepository(await openRepository(root), remote)
    if (!repository) return [{ what, result: 'unknown', detail: `${remote} is on no forge that is known` }]
    const client = createGitHubClient({ repository, ...(apiUrl !== undefined && { baseUrl: apiUrl }) })
    const { owner, repo, rest } = client
    const { data } = await client.attempt('read the repository', () => rest.repos.get({ owner, repo }))
    const mayPush = data.permissions?.push ?? false
    const known: Diagnosis = mayPush
      ? { what, result: 'ok', detail: `may push to ${data.full_name}` }
      : { what, result: 'wrong', detail: `may not push to ${data.full_name}`, fix }
    return [known, startsChecks(token), await protection(client, baseBranch)]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [{ what, result: 'wrong', detail: error.message, ...(error.fix !== undefined && { fix: error.fix }) }]
  }
}

/** A pull request that the workflow's own token opens starts no workflow: its checks stay pending for ever. */
function startsChecks(token: string): Diagnosis {
  const what = 'checks of its pull requests'
  const isWorkflow =
    process.env['GITHUB_ACTIONS'] === 'true' && token.startsWith('ghs_') && process.env['GITHUB_TOKEN'] === token
  if (/^(gh[pou]_|github_pat_)/.test(token)) return { what, result: 'ok', detail: 'a token of a person: they start' }
  if (!isWorkflow) return { what, result: 'unknown', detail: 'the token does not tell whose it is' }
  const fix = 'Use the token of a GitHub App in workflows that promote.'
  return { what, result: 'unknown', detail: "a GitHub App's, or the workflow's own, which starts none", fix }
}

async function protection(
  { rest, owner, repo, attempt }: ReturnType<typeof createGitHubClient>,
  branch: string,
): Promise<Diagnosis> {
  const what = `protection of ${branch}`
  const { data } = await attempt('read the branch', () => rest.repos.getBranch({ owner, repo, branch }))
  if (data.protected) return { what, result: 'ok', detail: 'protected' }
  const fix =
    'Require pull requests and the check of modelyard: without that nobody is asked before production changes.'
  return { what, result: 'wrong', detail: 'not protected: anybody who may push changes what runs', fix }
}

async function argoCd(environment: DefinedEnvironment, recipients: TokenRecipients): Promise<Diagnosis[]> {
  const what = `Argo CD of ${environment.name}`
  const applications = await applicationsOf(environment, recipients)
  if ('unknown' in applications) return [{ what, result: 'unknown', detail: applications.unknown }]
  return [{ what, result: 'ok', detail: `${applications.value.length} Applications seen` }]
}

async function prometheus(
  { name, prometheus: address }: DefinedEnvironment,
  recipients: TokenRecipients,
): Promise<Diagnosis[]> {
  const what = `Prometheus of ${name}`
  if (address === undefined) return []
  const answer = await queryPrometheus({ address, recipients }, 'vector(1)')
  return [
    'unknown' in answer
      ? {
          what,
          result: 'wrong',
          detail: answer.unknown,
          fix: 'Correct prometheus in environment.ts, or set PROMETHEUS_TOKEN.',
        }
      : { what, result: 'ok', detail: 'answers' },
  ]
}

/**
 * Asks for every file that the pins of an environment lead to.
 * @param known the store as `base` names it: another one gets no credentials of this machine
 */
async function artifacts(
  { definition: { name, artifacts: store }, models }: PlannedEnvironment,
  { base, known }: { base: string; known: ArtifactStore | undefined },
): Promise<Diagnosis> {
  const what = `artifacts of ${name}`
  const wanted = wantedFiles(models)
  const all = count(wanted.length)
  if (wanted.length === 0) return { what, result: 'unknown', detail: 'no model runs there' }
  if (needsCredentials(store) && !isDeepStrictEqual(store, known)) {
    const detail = `${all} not asked for: ${base} does not name this store, which would get the credentials of this machine`
    return { what, result: 'unknown', detail }
  }
  const ask = questionFor(store)
  if ((store.kind === 'files' || store.kind === 'image') && !(await exists(store.base))) {
    return { what, result: 'unknown', detail: `${all} not asked for: ${store.base} is a volume of its pods` }
  }
  const answers = await inParallel(wanted, AT_ONCE, ask)
  const missing = wanted.filter((_, index) => answers[index]?.has === false)
  const unknown = answers.flatMap((answer) => (answer.has === undefined ? [answer.why] : []))
  const told = ({ model, version, name: file, sha256 }: WantedFile) =>
    `${model} ${version} ${file} ${sha256.slice(0, 12)}`
  const asked = `asked ${placeOf(store)} for ${all}`
  if (missing.length > 0) {
    const detail = `${asked}, ${missing.length} missing: ${missing.map(told).join(', ')}`
    return {
      what,
      result: 'wrong',
      detail,
      fix: `Upload them: modelyard artifact push ${name}. Pods of these versions cannot start.`,
    }
  }
  if (unknown.length > 0) {
    return { what, result: 'unknown', detail: `${asked}, ${unknown.length} without an answer (${unknown[0]})` }
  }
  return { what, result: 'ok', detail: `${asked}: all there` }
}

type Answer = { has: boolean } | { has: undefined; why: string }

/** How a store is asked for one file. */
function questionFor(store: ArtifactStore): (file: WantedFile) => Promise<Answer> {
  const addressOf = ({ sha256, version }: WantedFile) => artifactAddress(store, sha256, version)
  switch (store.kind) {
    case 'files':
    case 'image':
      return async (file) => ({ has: await exists(fileURLToPath(addressOf(file))) })
    case 'https':
      return async (file) => {
        try {
          const { ok, status } = await fetch(addressOf(file), { method: 'HEAD', signal: AbortSignal.timeout(TIMEOUT) })
          if (ok || status === 404 || status === 410) return { has: ok }
          return { has: undefined, why: `it answered ${status}` }
        } catch (error) {
          return { has: undefined, why: reasonOf(error) }
        }
      }
    case 's3':
    case 'oci':
    case 'mlflow': {
      const { probe } = createStoreClient({ env: { ...process.env, ...storeVariables(store) }, stallMs: TIMEOUT })
      return async (file) => {
        try {
          const { size } = await within(TIMEOUT, probe(addressOf(file)))
          if (size === undefined || size === file.size) return { has: true }
          return { has: undefined, why: `${file.name} has ${size} bytes, registered with ${file.size}` }
        } catch (error) {
          if (!(error instanceof ArtifactError)) throw error
          return error.code === 'artifact-not-found' ? { has: false } : { has: undefined, why: error.reason }
        }
      }
    }
  }
}

/** Credentials are looked for in many places, some of which may not answer. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const reason = `no answer within ${milliseconds / 1000} s`
    const error = new ArtifactError({ code: 'artifact-unreachable', address: '', reason, repair: 'check the network' })
    timer = setTimeout(() => reject(error), milliseconds)
  })
  return await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** At most so many questions at once. */
const AT_ONCE = 8

function count(files: number): string {
  return files === 1 ? '1 file' : `${files} files`
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
