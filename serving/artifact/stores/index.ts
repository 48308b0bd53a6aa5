import { addressInvalid } from '../artifact-error.ts'
import type { HttpClient } from './http-client.ts'
import { shownAddress } from './shown-address.ts'
import type { Bundle, Content, Outgoing, Store, StoreSettings } from './store.ts'

export { shownAddress } from './shown-address.ts'
export type { Bundle, BundledFile, Content, Environment, Outgoing, StoreSettings } from './store.ts'

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

/** `Store` for any address. */
export interface Stores {
  open: OpenAddress
  put(address: string, file: Outgoing): Promise<void>
  /** Undefined where the store keeps what nothing lists, too. */
  list(address: string, bundle: Bundle): Promise<string | undefined>
}

/** The stores of this process. They share one HTTP client, and so its connections, proxy and certificate authorities. */
export function createStores(settings: StoreSettings): Stores {
  const made = new Map<string, Promise<Store>>()
  let client: Promise<HttpClient> | undefined
  const http = () => {
    client ??= import('./http-client.ts').then(({ createHttpClient }) => createHttpClient(settings))
    return client
  }

  async function storeOf(address: string): Promise<{ url: URL; store: Store }> {
    const url = URL.canParse(address) ? new URL(address) : undefined
    const make = url && STORES[url.protocol]
    if (url === undefined || make === undefined) {
      throw addressInvalid(
        shownAddress(address),
        'not an address of a store',
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
    return { url, store: await store }
  }

  return {
    async open(address, from) {
      const { url, store } = await storeOf(address)
      return store.open(url, from)
    },
    async put(address, file) {
      const { url, store } = await storeOf(address)
      return store.put(url, file)
    },
    async list(address, bundle) {
      const { url, store } = await storeOf(address)
      return store.list?.(url, bundle)
    },
  }
}
