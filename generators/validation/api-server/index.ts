import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Finding } from '../../findings/index.ts'
import { withExactNumbers } from '../exact-numbers.ts'
import { isMap } from '../fields.ts'
import { kubernetesObject, type ManifestObject } from '../manifest-objects.ts'
import { unservedKind } from '../schema/index.ts'
import { serverFinding } from '../server/answer.ts'
import type { Work } from './worker.ts'

/** Made by build.sh. */
const PROGRAM = fileURLToPath(new URL('./api-server.wasm.br', import.meta.url))

/** What Kubernetes' own code emulates: three minors before its own. */
const OLDEST_MINOR = 33

interface Answer {
  /** The kind is not known here. */
  unknown?: string
  causes?: { reason: string; field?: string; message: string }[]
  warnings?: string[]
  unchecked?: string
}

/** Why there is no layer `api-server` here; undefined when there is. */
export function whyUnavailable(): string | undefined {
  return existsSync(PROGRAM)
    ? undefined
    : 'api-server.wasm.br is not there: generators/validation/api-server/build.sh makes it'
}

/**
 * What the API server says of each object when it is created, by its own code compiled to WebAssembly, which runs in a thread of
 * its own and reaches neither files nor a network: `api-server-refused` for what it refuses, each cause at its line, and
 * `api-server-warning`. CustomResourceDefinitions among the objects describe the others. What needs a cluster is not asked:
 * admission policies, quotas, whether a namespace exists.
 * @param isAlone no schemas are checked: then an object of a kind that is not known here is told as well
 */
export async function askOwnCode(
  objects: readonly ManifestObject[],
  minor: string,
  { isAlone }: { isAlone: boolean },
): Promise<Finding[]> {
  const reason = whyUnavailable() ?? tooOld(minor)
  if (reason !== undefined) return objects.slice(0, 1).map((object) => unchecked(object, reason))
  const definitions = objects.filter((object) => kubernetesObject(object).kind === 'CustomResourceDefinition')
  const asked = objects.filter(({ value }) => isMap(value))
  if (asked.length === 0) return []
  const requests = [
    ...definitions.map((object) => line({ definition: object.value })),
    ...asked.map((object) => line({ object: withExactNumbers(object, object.value) })),
  ]
  let answers: string[]
  try {
    answers = await run({ program: PROGRAM, minor, requests: requests.join('') })
  } catch (error) {
    return asked.slice(0, 1).map((object) => unchecked(object, (error as Error).message))
  }
  return asked.flatMap((object, index) => {
    const answer = JSON.parse(answers[definitions.length + index] ?? '{"unchecked":"no answer"}') as Answer
    if (answer.unknown === undefined) return findingsOf(object, answer)
    return isAlone ? unknownKind(object, answer.unknown, minor) : []
  })
}

function tooOld(minor: string): string | undefined {
  const number = Number(minor.slice('1.'.length))
  return number < OLDEST_MINOR
    ? `the API server's own code emulates Kubernetes 1.${OLDEST_MINOR} and newer, not ${minor}`
    : undefined
}

/** JSON on one line, with whole numbers digit by digit. */
function line(request: object): string {
  const text = JSON.stringify(request, (_, value: unknown) => (typeof value === 'bigint' ? `\0${value}` : value))
  return `${text.replaceAll(/"\\u0000(-?\d+)"/g, '$1')}\n`
}

async function run(work: Work): Promise<string[]> {
  const worker = startWorker(work)
  const text = await new Promise<string>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the API server's own code ended with status ${code}`)))
  })
  return text.split('\n').filter((answer) => answer !== '')
}

/** From the sources, a thread needs tsx as the main one does. */
function startWorker(work: Work): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  const entry = new URL(isSource ? './worker.ts' : './worker.js', import.meta.url)
  if (!isSource) return new Worker(entry, { workerData: work })
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const script = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}) })`
  return new Worker(script, { workerData: work, eval: true })
}

function findingsOf(object: ManifestObject, { causes = [], warnings = [], unchecked: reason }: Answer): Finding[] {
  if (reason !== undefined) return [unchecked(object, reason)]
  const refused = causes.map(({ field, message }) => {
    return serverFinding(object, 'api-server-refused', 'error', { message, ...(field !== undefined && { field }) })
  })
  const warned = warnings.map((text) => {
    const [, field, message = text] = /^([a-z]\w*(?:[.[][^\s:]*)): (.*)$/s.exec(text) ?? []
    return serverFinding(object, 'api-server-warning', 'warning', { message, ...(field !== undefined && { field }) })
  })
  return [...refused, ...warned]
}

function unknownKind(object: ManifestObject, kind: string, minor: string): Finding[] {
  const { apiVersion = '', kind: name = '' } = kubernetesObject(object)
  const unserved = unservedKind(String(apiVersion), String(name), minor)
  if (!unserved) return [unchecked(object, `no CustomResourceDefinition of ${kind} is among the objects`)]
  return [
    {
      ...serverFinding(object, 'api-unknown', 'error', { field: 'kind', message: unserved.message }),
      fix: unserved.fix,
    },
  ]
}

function unchecked(object: ManifestObject, reason: string): Finding {
  return serverFinding(object, 'api-server-unchecked', 'warning', { message: `could not check: ${reason}` })
}
