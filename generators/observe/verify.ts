import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type GoldenSample, type GoldenSamples, PROTOCOL_DATATYPES } from 'modelyard-serving/contract'
import { parseReference } from '../definitions/index.ts'
import type { Known } from '../gates/index.ts'
import { type GitRepository, isLoopback, resolveCommit } from '../git/index.ts'
import { modelFolder } from '../manifests/index.ts'
import { bundlePath, type PlannedModel, paths, type Repository } from '../repository/index.ts'
import { parseYaml } from '../yaml/index.ts'
import { applicationsOf } from './argo-cd.ts'
import { exchange, reasonOf } from './exchange.ts'
import { loadedAs, loadedVersions } from './loaded-pods.ts'
import type { TokenRecipients } from './recipients.ts'

/** The prediction of one golden sample. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/** One step of a release from the repository to its callers. `waiting`: not yet, and it may still come. */
export interface VerifiedStep {
  step: 'merged' | 'synced' | 'loaded' | 'golden samples'
  result: 'pass' | 'fail' | 'waiting' | 'unknown'
  detail: string
}

export interface VerifyOptions {
  /** `origin/main`: where the pin must say the same. */
  base: string
  prometheus?: string
  /** Who may get `PROMETHEUS_TOKEN` and `ARGOCD_AUTH_TOKEN`. */
  recipients: TokenRecipients
  /** Of the model's Service. Default: its name inside the cluster. */
  address?: string
}

/** Looks once at every step; each has a source of its own. */
export async function verifyOnce(
  repository: Repository,
  git: GitRepository,
  model: PlannedModel,
  options: VerifyOptions,
): Promise<VerifiedStep[]> {
  // The merge first: it fetches the commit that Argo CD may be at.
  const [[merged, synced], loaded] = await Promise.all([
    isMerged(git, model, options.base).then(async (merged) => [merged, await isSynced(git, model, options)] as const),
    isLoaded(model, options),
  ])
  return [merged, synced, loaded, await answersAsPromised(repository, model, options)]
}

/** Looks again until nothing waits any more, or the time is over. */
export async function verifyUntil(
  look: () => Promise<VerifiedStep[]>,
  { timeout, pause = 5000 }: { timeout: number; pause?: number },
): Promise<VerifiedStep[]> {
  const end = Date.now() + timeout
  for (;;) {
    const steps = await look()
    if (!steps.some(({ result }) => result === 'waiting') || Date.now() + pause > end) return steps
    await sleep(pause)
  }
}

async function isMerged(
  git: GitRepository,
  { name, environment, stable }: PlannedModel,
  base: string,
): Promise<VerifiedStep> {
  const file = paths.pin(environment.name, name)
  const [remote = '', ...branch] = base.split('/')
  // A base that is no branch of a remote is read as it is.
  if (branch.length > 0)
    await git.git(['fetch', '--quiet', '--no-tags', remote, branch.join('/')]).catch(() => undefined)
  const there = await pinAt(git, base, file)
  if (there === undefined && (await resolveCommit(git, base)) === undefined) {
    const detail = `${base} is not known here: name the branch that Argo CD reads by --base, or baseBranch in modelyard.yaml`
    return { step: 'merged', result: 'unknown', detail }
  }
  if (there === undefined) return { step: 'merged', result: 'waiting', detail: `${base} has no ${file}` }
  const result = there === stable.reference ? 'pass' : 'waiting'
  return {
    step: 'merged',
    result,
    detail: `${base} names ${there}${result === 'pass' ? '' : `, this work tree ${stable.reference}`}`,
  }
}

/** What a pin named as stable at a commit; undefined where there is no such pin or commit. */
async function pinAt({ git }: GitRepository, revision: string, file: string): Promise<string | undefined> {
  const text = await git(['show', `${revision}:./${file}`]).catch(() => undefined)
  if (text === undefined) return undefined
  const { stable } = (parseYaml(file, text).document?.value as { stable?: string } | undefined) ?? {}
  return stable === undefined ? 'nothing' : parseReference(stable).name
}

async function isSynced(
  git: GitRepository,
  { name, environment, stable }: PlannedModel,
  { recipients }: VerifyOptions,
): Promise<VerifiedStep> {
  const applications = await applicationsOf(environment, recipients)
  if ('unknown' in applications) return { step: 'synced', result: 'unknown', detail: applications.unknown }
  const found = applications.value.find(({ path }) => path === modelFolder(environment.name, name))
  if (!found) return { step: 'synced', result: 'waiting', detail: 'no Application syncs its folder' }
  const { sync, health, revision } = found
  const detail = `${sync}, ${health}${revision === '' ? '' : ` at ${revision.slice(0, 7)}`}`
  // Degraded as well: an autoscaler is for the seconds in which new pods have no metrics yet.
  if (sync !== 'Synced' || health !== 'Healthy') return { step: 'synced', result: 'waiting', detail }
  // Synced with what it read last, which may be from before the merge.
  const there = await pinAt(git, revision, paths.pin(environment.name, name))
  if (there === stable.reference) return { step: 'synced', result: 'pass', detail }
  return { step: 'synced', result: 'waiting', detail: `${detail}, which names ${there ?? 'a commit that is not here'}` }
}

async function isLoaded(
  { name, environment, namespace, stable, candidate }: PlannedModel,
  { prometheus, recipients }: VerifyOptions,
): Promise<VerifiedStep> {
  const loaded = await loadedVersions(prometheus ?? environment.prometheus, [{ namespace }], recipients)
  if ('unknown' in loaded) return { step: 'loaded', result: 'unknown', detail: loaded.unknown }
  const said = [stable, ...(candidate ? [candidate.version] : [])].map(({ reference }) => {
    const own = loadedAs(loaded.value.get(name), reference)
    if (!own) return { all: false, detail: `no pod asks for ${reference}` }
    return {
      all: own.loaded > 0 && own.loaded === own.wanted,
      detail: `${reference} in ${own.loaded} of ${own.wanted} pods`,
    }
  })
  const result = said.every(({ all }) => all) ? 'pass' : 'waiting'
  return { step: 'loaded', result, detail: said.map(({ detail }) => detail).join(', ') }
}

async function answersAsPromised(
  repository: Repository,
  model: PlannedModel,
  options: VerifyOptions,
): Promise<VerifiedStep> {
  const { name, namespace, stable } = model
  const step = 'golden samples'
  const bundled = stable.facts.bundle.goldenSamples
  const file = bundled && bundlePath(repository, name, bundled)
  const text = file && (await readFile(file, 'utf8').catch(() => undefined))
  if (!text) return { step, result: 'unknown', detail: 'no golden samples here' }
  const golden = JSON.parse(text) as GoldenSamples
  const address = options.address ?? `http://${name}.${namespace}.svc`
  let [passed, asked] = [0, 0]
  for (const sample of golden.samples) {
    const answer = await ask(address, model, sample)
    if ('unknown' in answer) return { step, result: 'waiting', detail: `${answer.unknown}; asked ${address}` }
    const { version, prediction } = answer.value
    // A candidate answers a share of the requests.
    if (version !== stable.facts.version && model.candidate?.version.facts.version === version) continue
    if (version !== stable.facts.version)
      return { step, result: 'waiting', detail: `${version} answered, Git names ${stable.facts.version}` }
    asked++
    if (isAsPromised(prediction, sample, golden.tolerance)) passed++
  }
  return {
    step,
    result: asked > 0 && passed === asked ? 'pass' : 'fail',
    detail: `${passed} of ${asked} through ${address}`,
  }
}

interface Answer {
  version: string
  prediction: Record<string, unknown>
}

interface InferAnswer {
  model_version: string
  outputs: { name: string; data: unknown[] }[]
}

/** By name where the sample has features, else as tensors by the Open Inference Protocol V2. */
async function ask(address: string, { name, stable }: PlannedModel, sample: GoldenSample): Promise<Known<Answer>> {
  const { features, tensors = {} } = sample
  const datatypes = new Map(stable.facts.interface.inputs.map((input) => [input.name, input.datatype]))
  const inputs = Object.entries(tensors).map(([input, { shape, data }]) => {
    const datatype = datatypes.get(input)
    return { name: input, shape, datatype: datatype && PROTOCOL_DATATYPES[datatype], data }
  })
  try {
    const path = features ? `models/${name}/predict` : `v2/models/${name}/infer`
    const url = new URL(path, address.endsWith('/') ? address : `${address}/`)
    const token = process.env['MODELYARD_API_KEY']
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    if (token && isPrivate(url)) headers['authorization'] = `Bearer ${token}`
    const body = JSON.stringify(features ?? { inputs })
    const response = await exchange(url, { method: 'POST', headers, body }, MAX_ANSWER_BYTES)
    if (!response.ok) {
      const withheld = token && !isPrivate(url) ? '; MODELYARD_API_KEY was not sent: the address is not https://' : ''
      return { unknown: `the Service answered ${response.status}${withheld}` }
    }
    const answer = JSON.parse(response.text) as Answer | InferAnswer
    if (!('outputs' in answer)) return { value: answer }
    const prediction = Object.fromEntries(answer.outputs.map((output) => [output.name, output.data]))
    return { value: { version: answer.model_version, prediction } }
  } catch (error) {
    return { unknown: `the Service could not be asked (${reasonOf(error)})` }
  }
}

/** The key is not readable on the way: TLS, this machine, or a Service inside the cluster that this process is in. */
function isPrivate(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url) || /\.svc(\.cluster\.local)?$/.test(url.hostname)
}

function isAsPromised(
  prediction: Answer['prediction'],
  { outputs }: GoldenSample,
  tolerance: GoldenSamples['tolerance'],
): boolean {
  return Object.entries(outputs).every(([name, expected]) => {
    const got = flat(prediction[name])
    return (
      got.length === expected.length &&
      expected.every((wanted, index) => {
        const value = got[index]
        if (typeof wanted !== 'number' || typeof value !== 'number') return value === wanted
        return Math.abs(value - wanted) <= tolerance.absolute + tolerance.relative * Math.abs(wanted)
      })
    )
  })
}

/** Row-major, as samples have it; probabilities by label are in the order of the labels. */
function flat(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(flat)
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(flat) : [value]
}
