import { addressInvalid } from '../artifact-error.ts'
import type { HttpClient } from './http-client.ts'
import { shownAddress } from './shown-address.ts'
import type { Content, Store, StoreSettings } from './store.ts'

export { shownAddress } from './shown-address.ts'
export type { Content, Environment, StoreSettings } from './store.ts'

/** Each store is loaded when an address first needs it, so that a pod pays for one of them, or for none. */
const STORES: Record<string, (settings: StoreSettings, http: () => Promise<HttpClient>) => Promise<Store>> = {
  'file:': async () => (await import('./file-store.ts')).createFileStore(),
  'http:': async ({ env }, http) => (await import('./https-store.ts')).createHttpsStore(env, await http()),
  'https:': async ({ env }, http) => (await import('./https-store.ts')).createHttpsStore(env, await http()),
  's3:': async ({ env }, http) => (await import('./s3-store.ts')).createS3Store(env, await http()),
  'oci:': async ({ env }, http) => (await import('./oci-store.ts')).createOciStore(env, await http()),
  'mlflow-artifacts:': async ({ env }, http) =>
    (await import('./mlflow-store.ts')).createMlflowStore(env, await http()),
}

/** Opens any address from an offset on; throws an `ArtifactError`. */
export type OpenAddress = (address: string, from: number) => Promise<Content>

/** The stores of this process. They share one HTTP client, and so its connections, proxy and certificate authorities. */
export function createStores(settings: StoreSettings): OpenAddress {
  const made = new Map<string, Promise<Store>>()
  let client: Promise<HttpClient> | undefined
  const http = () => {
    client ??= import('./http-client.ts').then(({ createHttpClient }) => createHttpClient(settings))
    return client
  }

  return async (address, from) => {
    const url = URL.canParse(address) ? new URL(address) : undefined
    const make = url && STORES[url.protocol]
    if (url === undefined || make === undefined) {
      throw addressInvalid(
        shownAddress(address),
        'not an address that can be fetched',
        'give a file:///, https://, s3://, oci:// or mlflow-artifacts:/ address',
      )
    }
    if (url.username !== '' || url.password !== '') {
      throw addressInvalid(
        shownAddress(address),
        'the address holds a user or a password',
        'take it out, and mount it as a netrc file or as what the store documents',
      )
    }
    let store = made.get(url.protocol)
    if (store === undefined) {
      store = make(settings, http)
      made.set(url.protocol, store)
      // What could not be made, for example for want of a file, may be there at the next attempt.
      store.catch(() => {
        made.delete(url.protocol)
        client = undefined
      })
    }
    return (await store).open(url, from)
  }
}
