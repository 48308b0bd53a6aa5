import { Readable } from 'node:stream'
import { ArtifactError, addressInvalid } from '../artifact-error.ts'
import { type BodyLimits, discardBody, readBounded } from '../bounded-body.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'
import { contentOf, requestContent, requireStored, sendContent } from './http-content.ts'
import { refused, refusedUpload, unreachable } from './http-errors.ts'
import { isLoopback } from './loopback.ts'
import { digestOf, listsAll, MANIFEST_TYPE, modelManifest, versionTag } from './oci-manifest.ts'
import { createRegistryTokens } from './registry-tokens.ts'
import { shownAddress } from './shown-address.ts'
import type { Environment, Outgoing, Store } from './store.ts'

/** The specification asks registries for at least so much (distribution specification 1.1, "Pushing Manifests"). */
const MANIFEST_LIMITS: BodyLimits = { maxBytes: 4 * 1024 * 1024, timeoutMs: 10_000 }

/** A repository of a registry. */
interface Place {
  registry: string
  repository: string
  /** `https://registry.example.com/v2/team/models` */
  api: string
  /** The address in messages. */
  shown: string
}

/**
 * `oci://<registry>/<repository>@sha256:<digest>`: a blob of an OCI registry (distribution specification 1.1, "Pulling blobs" and
 * "Pushing a blob monolithically"). Anonymous, or with what the docker configuration in the folder `DOCKER_CONFIG` holds, as the
 * registry's challenge asks.
 */
export function createOciStore(env: Environment, http: HttpClient): Store {
  const tokens = createRegistryTokens(env, http)

  /** Sends a request, and once more with what the registry's challenge asks for. */
  async function ask(place: Place, send: (proof: Pick<HttpRequest, 'authorize'>) => Promise<HttpAnswer>) {
    const attempt = (authorization: string | undefined) => {
      const proof: Record<string, string> = authorization === undefined ? {} : { authorization }
      return send({ authorize: async () => proof })
    }
    const answer = await attempt(tokens.known(place))
    const challenge = answer.header('www-authenticate')
    // The login is this registry's. What a redirect led to may not ask for it, nor name the token service that gets it.
    if (answer.status !== 401 || challenge === undefined || !answer.sameOrigin) return answer
    const authorization = await tokens.answer(place, challenge)
    if (authorization === undefined) return answer
    await discardBody(answer.body)
    return attempt(authorization)
  }

  async function putBlob(place: Place, file: Outgoing): Promise<void> {
    const { api, shown } = place
    const opened = new URL(`${api}/blobs/uploads/`)
    const begun = await ask(place, (proof) =>
      http.send({ ...proof, url: opened, shown, method: 'POST', headers: { 'content-length': '0' } }),
    )
    await discardBody(begun.body)
    if (begun.status !== 202) throw refusedUpload(shown, begun)
    const url = uploadUrl(begun, opened, shown)
    url.searchParams.set('digest', `sha256:${file.sha256}`)
    // Some registries name their storage, which has put its own proof into the address.
    const isOwn = url.origin === opened.origin
    const send = (proof: Pick<HttpRequest, 'authorize'>) => sendContent(http, { ...(isOwn && proof), url, shown }, file)
    await requireStored(shown, isOwn ? await ask(place, send) : await send({}))
  }

  return {
    async open(address, from) {
      const { digest, ...place } = parse(address)
      const url = new URL(`${place.api}/blobs/${digest}`)
      const answer = await ask(place, (proof) => requestContent(http, { ...proof, url, shown: place.shown }, from))
      return contentOf(place.shown, answer)
    },
    async put(address, file) {
      await putBlob(parse(address), file)
    },
    async list(address, bundle) {
      const place = parse(address)
      const tag = versionTag(bundle)
      const url = new URL(`${place.api}/manifests/${tag}`)
      const shown = `oci://${place.registry}/${place.repository}:${tag}`
      const found = await ask(place, (proof) => {
        return http.send({ ...proof, url, shown, headers: { accept: MANIFEST_TYPE } })
      })
      if (found.status === 200) {
        const text = await readBounded(found.body, MANIFEST_LIMITS).catch((error: unknown) => {
          throw unreachable(shown, error)
        })
        if (listsAll(text.toString('utf8'), bundle)) return undefined
        throw tagTaken(shown)
      }
      await discardBody(found.body)
      if (found.status !== 404) throw refused(shown, found)
      const { manifest, config } = modelManifest(bundle)
      await putBlob(place, outgoing(config))
      const send = (proof: Pick<HttpRequest, 'authorize'>) => {
        const request = { ...proof, url, shown, headers: { 'content-type': MANIFEST_TYPE } }
        return sendContent(http, request, outgoing(manifest))
      }
      await requireStored(shown, await ask(place, send))
      return shown
    },
  }
}

function outgoing(content: Buffer): Outgoing {
  return {
    sha256: digestOf(content).slice('sha256:'.length),
    size: content.length,
    read: () => Readable.from([content], { objectMode: false }),
  }
}

/** Where the registry wants the bytes: `Location`, relative or absolute. */
function uploadUrl(begun: HttpAnswer, from: URL, shown: string): URL {
  const location = begun.header('location')
  const url = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined
  const isPrivate = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (url !== undefined && isPrivate) return url
  throw new ArtifactError({
    code: 'artifact-unreachable',
    address: shown,
    reason: 'the registry names no address for the upload that is reached over HTTPS',
    repair: 'check the address under which the registry knows itself',
  })
}

/** Somebody may rely on what is listed there; its files could be deleted once nothing lists them. */
function tagTaken(shown: string): ArtifactError {
  return new ArtifactError({
    code: 'artifact-forbidden',
    address: shown,
    reason: 'the tag names other content, and is not overwritten',
    repair: 'move the other content to another tag, then push again',
  })
}

function parse(address: URL): Place & { digest: string } {
  const shown = shownAddress(address)
  const match = /^\/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)@(sha256:[0-9a-f]{64})$/.exec(address.pathname)
  const [, repository, digest] = match ?? []
  if (address.host === '' || repository === undefined || digest === undefined) {
    const repair = 'give oci://<registry>/<repository>@sha256:<digest>'
    throw addressInvalid(shown, 'it does not name a registry, a repository and a digest', repair)
  }
  const registry = address.host
  // Registries on this machine speak plain HTTP, as in Docker; every other one HTTPS.
  const scheme = isLoopback(address.hostname) ? 'http' : 'https'
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry
  return { registry, repository, api: `${scheme}://${host}/v2/${repository}`, shown, digest }
}
