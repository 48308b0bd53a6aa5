/** Where a candidate elsewhere is asked. */
export interface RemoteAddress {
  /** V2 address of the server: metadata is at it. */
  server: string
  /** V2 address of the model or of one version of it. */
  model: string
  /** The version that this address names. */
  version: string | undefined
}

/**
 * The V2 addresses of a candidate. An address with `/v2/models/` is used as it stands; any other is of a server that has the
 * model and the version under the names that they have here.
 */
export function remoteAddress(address: string, model: string, version: string): RemoteAddress {
  const base = address.replace(/\/+$/, '')
  const at = base.lastIndexOf('/v2/models/')
  if (at === -1) {
    const path = `/v2/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}`
    return { server: `${base}/v2`, model: base + path, version }
  }
  const named = /\/versions\/([^/]+)$/.exec(base)?.[1]
  return { server: base.slice(0, at + 3), model: base, version: named && decodeURIComponent(named) }
}

/** What is wrong with an address, as a sentence without it (it may hold a password); undefined when it can be used. */
export function addressProblem(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'must be an http or https address'
  if (url.username !== '' || url.password !== '') return 'must hold no user or password: everybody may read this file'
  if (url.search !== '' || url.hash !== '') return 'must have no query and no fragment'
  return undefined
}
