import { addressInvalid } from '../artifact-error.ts'
import type { HttpClient } from './http-client.ts'
import { contentOf, requestContent } from './http-content.ts'
import { createRegistryTokens } from './registry-tokens.ts'
import { shownAddress } from './shown-address.ts'
import type { Environment, Store } from './store.ts'

/** Registries on this machine speak plain HTTP, as in Docker; every other one HTTPS. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/

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
      const scheme = LOOPBACK.test(registry) ? 'http' : 'https'
      const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry
      const url = new URL(`${scheme}://${host}/v2/${repository}/blobs/${digest}`)
      const scope = { registry, repository, shown, secure: scheme === 'https' }
      const known = tokens.known(scope)
      const get = (authorization: string | undefined) => {
        const proof: Record<string, string> = authorization === undefined ? {} : { authorization }
        return requestContent(http, { url, shown, authorize: async () => proof }, from)
      }
      let answer = await get(known)
      const challenge = answer.header('www-authenticate')
      if (answer.status === 401 && challenge !== undefined) {
        const authorization = await tokens.answer(scope, challenge)
        if (authorization !== undefined) {
          await answer.body.dump().catch(() => {})
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
