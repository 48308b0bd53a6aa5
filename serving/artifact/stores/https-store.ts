import { readFile } from 'node:fs/promises'
import { addressInvalid } from '../artifact-error.ts'
import { basic } from './authorization.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'
import { contentOf, requestContent, requireStored, sendContent } from './http-content.ts'
import { shownAddress } from './shown-address.ts'
import type { Environment, Store } from './store.ts'

/**
 * `https://` (and `http://`): any web server. Credentials come from the netrc file that `NETRC` names, as in curl and pip, but only
 * for a host that it names: an address of the repository must not send the login of `default` to a host of its choice. Files are put by
 * PUT (RFC 9110, 9.3.4), as WebDAV and object stores take them.
 */
export function createHttpsStore(env: Environment, http: HttpClient): Store {
  /** Sends a request with the login of its host; what the store says to a refusal for want of one is explained. */
  async function ask(url: URL, send: (request: HttpRequest) => Promise<HttpAnswer>) {
    const shown = shownAddress(url)
    let known = false
    const authorize = async ({ hostname }: URL): Promise<Record<string, string>> => {
      const login = env.NETRC ? await loginFor(hostname, env.NETRC) : undefined
      known = login !== undefined
      return login === undefined ? {} : { authorization: basic(login.user, login.password) }
    }
    const answer = await send({ url, shown, authorize })
    const unnamed = env.NETRC && !known && (answer.status === 401 || answer.status === 403)
    return { shown, answer, detail: unnamed ? `the netrc file names no machine ${url.hostname}` : undefined }
  }

  return {
    async open(url, from) {
      const { shown, answer, detail } = await ask(url, (request) => requestContent(http, request, from))
      return contentOf(shown, answer, detail)
    },
    async put(url, file) {
      const { shown, answer, detail } = await ask(url, (request) => sendContent(http, request, file))
      await requireStored(shown, answer, detail)
    },
  }
}

/** The entry of a host in a netrc file; `default` names no host and is ignored. Read each time: a mounted secret is rotated in place. */
async function loginFor(host: string, path: string): Promise<{ user: string; password: string } | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = `the netrc file cannot be read: ${error instanceof Error ? error.message : String(error)}`
    throw addressInvalid(path, reason, 'check NETRC and that the secret is mounted')
  })
  const words = text.replace(/^\s*#.*$/gm, '').split(/\s+/)
  let found: { user: string; password: string } | undefined
  let current: { user: string; password: string } | undefined
  for (let index = 0; index < words.length; index++) {
    const word = words[index]
    if (word === 'machine' || word === 'default') {
      const matches = word === 'machine' && words[++index] === host
      // The first entry that matches is the one that counts.
      current = matches && found === undefined ? { user: '', password: '' } : undefined
      found ??= current
    } else if (word === 'login' || word === 'password' || word === 'account') {
      const value = words[++index] ?? ''
      if (current !== undefined && word === 'login') current.user = value
      if (current !== undefined && word === 'password') current.password = value
    }
  }
  return found
}
