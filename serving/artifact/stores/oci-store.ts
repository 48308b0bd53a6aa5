import { addressInvalid } from '../artifact-error.ts'
import { discardBody } from '../bounded-body.ts'
import type { HttpClient } from './http-client.ts'
import { contentOf, requestContent } from './http-content.ts'
import { isLoopback } from './loopback.ts'
import { createRegistryTokens } from './registry-tokens.ts'
import { shownAddress } from './shown-address.ts'
import type { Environment, Store } from './store.ts'

/**
 * `oci://<registry>/<repository>@sha256:<digest>`: a blob of an OCI registry (distribution specification 1.1, "Pulling blobs").
 * Anonymous, or with what the docker configuration in the folder `DOCKER_CONFIG` holds, as the registry's challenge asks.
 */
export function createOciStore(env: Environment, http: HttpClient): Store {
  const tokens = createRegistryTokens(env, http)
  return {
    async open(address, from) {
      const shown = shownAddress(address)
      const { registry, repository, digest } = parse(address, shown)
      // Registries on this machine speak plain HTTP, as in Docker; every other one HTTPS.
      const scheme = isLoopback(address.hostname) ? 'http' : 'https'
      const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry
      const url = new URL(`${scheme}://${host}/v2/${repository}/blobs/${digest}`)
      const scope = { registry, repository, shown }
      const known = tokens.known(scope)
      const get = (authorization: string | undefined) => {
        const proof: Record<string, string> = authorization === undefined ? {} : { authorization }
        return requestContent(http, { url, shown, authorize: async () => proof }, from)
      }
      let answer = await get(known)
      const challenge = answer.header('www-authenticate')
      // The login is this registry's. What a redirect led to may not ask for it, nor name the token service that gets it.
      if (answer.status === 401 && challenge !== undefined && answer.sameOrigin) {
        const authorization = await tokens.answer(scope, challenge)
        if (authorization !== undefined) {
          await discardBody(answer.body)
          answer = await get(authorization)
        }
      }
      return contentOf(shown, answer)
    },
  }
}

function parse(address: URL, shown: string): { registry: string; repository: string; digest: string } {
  const match = /^\/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)@(sha256:[0-9a-f]{64})$/.exec(address.pathname)
  const [, repository, digest] = match ?? []
  if (address.host === '' || repository === undefined || digest === undefined) {
    const repair = 'give oci://<registry>/<repository>@sha256:<digest>'
    throw addressInvalid(shown, 'it does not name a registry, a repository and a digest', repair)
  }
  return { registry: address.host, repository, digest }
}
