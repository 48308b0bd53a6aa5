import { type Finding, RULES } from '../../findings/index.ts'
import { about, kubernetesObject, type ManifestObject } from '../manifest-objects.ts'
import { type Answer, answerFindings, uncheckedFinding } from './answer.ts'
import { openServer, type Server, type ServerOptions, Unreachable } from './connection.ts'

export type { ServerOptions } from './connection.ts'

export interface Asked {
  findings: Finding[]
  /** Address of the server; absent when it was not reached. */
  server?: string
}

/** A kind as the server serves it. */
interface Resource {
  name: string
  kind: string
  namespaced: boolean
}

/** Argo CD's, so that fields which the files hold no longer are seen to go, as in a sync; elsewhere any name would do. */
const FIELD_MANAGER = 'argocd-controller'
const DRY_RUN = `fieldManager=${FIELD_MANAGER}&dryRun=All&fieldValidation=Strict`
/** Which every cluster has. */
const FALLBACK = 'default'
/** Requests at the same time. */
const AT_ONCE = 8

/**
 * Asks an API server about each object by a dry run of server-side apply, which changes nothing: rule `server-refused` for what it
 * refuses, `server-warning` for what it warns of, each at its line. What it was not asked, or could not say, is `server-unchecked`.
 */
export async function askServer(objects: readonly ManifestObject[], options: ServerOptions): Promise<Asked> {
  let server: Server
  try {
    server = await openServer(options)
  } catch (error) {
    return { findings: [lost(error, objects.length)] }
  }
  try {
    return { findings: await askAll(server, objects), server: server.url }
  } finally {
    server.close()
  }
}

async function askAll(server: Server, objects: readonly ManifestObject[]): Promise<Finding[]> {
  const given = givenIn(objects)
  const { question, missing } = questioner(server, given.kinds)
  const found: Finding[][] = []
  let next = 0
  let problem: unknown
  const work = async () => {
    while (next < objects.length && problem === undefined) {
      const index = next++
      try {
        found[index] = await question(objects[index] as ManifestObject, index)
      } catch (error) {
        problem = error
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const answered = found.filter((findings) => findings !== undefined)
  const rest = problem === undefined ? [] : [lost(problem, objects.length - answered.length)]
  const elsewhere = [...missing].map(([namespace, index]) =>
    namespaceMissing(objects[index] as ManifestObject, namespace, given.namespaces.has(namespace)),
  )
  return [...answered.flat(), ...elsewhere, ...rest]
}

function lost(error: unknown, count: number): Finding {
  if (!(error instanceof Unreachable)) throw error
  const message = `could not check: the API server cannot be asked about ${count} object${count === 1 ? '' : 's'}: ${error.message}`
  return { rule: 'server-unchecked', severity: 'warning', message, fix: error.fix }
}

/** Asks about one object after the other; what is learnt of kinds and namespaces is kept. */
function questioner(server: Server, givenKinds: ReadonlySet<string>) {
  const resources = new Map<string, ReturnType<typeof discover>>()
  /** Namespaces that are not there, with the place of the first object that names them. */
  const missing = new Map<string, number>()

  const resourcesOf = (apiVersion: string) => {
    let found = resources.get(apiVersion)
    if (!found) {
      found = discover(server, apiVersion)
      resources.set(apiVersion, found)
    }
    return found
  }

  async function question(object: ManifestObject, index: number): Promise<Finding[]> {
    const { apiVersion, kind, metadata } = kubernetesObject(object)
    const isNamed = typeof apiVersion === 'string' && /^[\w.-]+(\/\w+)?$/.test(apiVersion) && typeof kind === 'string'
    const namespace: unknown = metadata?.namespace ?? server.namespace
    // The schema has said so: nobody could send it anywhere.
    if (!isNamed || typeof namespace !== 'string' || !/^[a-z\d-]+$/.test(namespace)) return []
    const known = await resourcesOf(apiVersion)
    if (typeof known === 'string') return [uncheckedFinding(object, known)]
    const resource = known.find((one) => one.kind === kind)
    if (!resource) {
      const says = `the server does not know ${kind} yet, whose CustomResourceDefinition is among the files`
      return givenKinds.has(`${apiVersion.split('/')[0]}/${kind}`)
        ? [uncheckedFinding(object, says)]
        : answerFindings(object, noSuchKind(apiVersion, kind))
    }
    const ask = (where?: string) => {
      const place = where === undefined ? '' : `/namespaces/${where}`
      const moved = where === undefined || where === namespace ? object.value : movedTo(where, object.value)
      return send(server, `${pathOf(apiVersion)}${place}/${resource.name}`, moved)
    }
    if (!resource.namespaced) return answerFindings(object, await ask())
    if (!missing.has(namespace)) {
      const answer = await ask(namespace)
      if (answer.code !== 404 || answer.status.details?.kind !== 'namespaces') return answerFindings(object, answer)
    }
    missing.set(namespace, Math.min(index, missing.get(namespace) ?? index))
    return answerFindings(object, await ask(FALLBACK))
  }

  return { question, missing }
}

function noSuchKind(apiVersion: string, kind: string): Answer {
  const causes = [{ field: 'kind', message: `the server has no kind ${kind} in ${apiVersion}` }]
  return { code: 404, status: { details: { causes } }, warnings: [] }
}

/** Namespaces, and kinds of CustomResourceDefinitions, that the files make. */
function givenIn(objects: readonly ManifestObject[]): { namespaces: Set<unknown>; kinds: Set<string> } {
  const namespaces = new Set<unknown>()
  const kinds = new Set<string>()
  for (const object of objects) {
    const { kind, metadata, spec } = kubernetesObject(object)
    if (kind === 'Namespace') namespaces.add(metadata?.name)
    if (kind !== 'CustomResourceDefinition') continue
    const { group, names } = (spec ?? {}) as { group?: string; names?: { kind?: string } }
    kinds.add(`${group}/${names?.kind}`)
  }
  return { namespaces, kinds }
}

function pathOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

/** The kinds of a version, none when the server does not have it, or why it does not say. */
async function discover(server: Server, apiVersion: string): Promise<Resource[] | string> {
  const { code, status, body } = await server.ask('GET', pathOf(apiVersion))
  if (code === 404) return []
  if (code >= 300) return status.message ?? `HTTP status ${code} for ${apiVersion}`
  return (body as { resources: Resource[] }).resources.filter(({ name }) => !name.includes('/'))
}

/** Server-side apply by name, or creation of what gets its name from the server, and of what has none that an address could hold. */
function send(server: Server, collection: string, value: unknown) {
  const name: unknown = kubernetesObject({ value } as ManifestObject).metadata?.name
  const isApplied = typeof name === 'string' && /^[A-Za-z\d][\w.:-]*$/.test(name)
  const body = value as object
  if (!isApplied) return server.ask('POST', `${collection}?${DRY_RUN}`, body)
  return server.ask('PATCH', `${collection}/${name}?${DRY_RUN}&force=true`, body)
}

function movedTo(namespace: string, value: unknown): object {
  const { metadata, ...rest } = value as { metadata?: object }
  return { ...rest, metadata: { ...metadata, namespace } }
}

/** A dry run makes no namespace, so that what is to be in it is asked about elsewhere. */
function namespaceMissing(object: ManifestObject, namespace: string, isGiven: boolean): Finding {
  const line = object.lineOf(['metadata', 'namespace'])
  const says = `namespace ${namespace} does not exist on the server`
  const place = `the server was asked about its objects in namespace ${FALLBACK}`
  return {
    rule: 'server-namespace-missing',
    severity: isGiven ? 'info' : 'error',
    message: `${says}${isGiven ? ' yet; the files make it' : ''}, so that ${place}`,
    file: object.file,
    ...(line === undefined ? {} : { line }),
    ...about(object),
    fix: isGiven
      ? `Nothing; policies of ${namespace} are only known once it is there.`
      : RULES['server-namespace-missing'].repair,
  }
}
