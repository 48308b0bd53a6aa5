import { readFile } from 'node:fs/promises'
import { addressInvalid } from '../artifact-error.ts'
import { basic } from './authorization.ts'
import type { HttpClient } from './http-client.ts'
import { contentOf, requestContent } from './http-content.ts'
import { shownAddress } from './shown-address.ts'
import type { Environment, Store } from './store.ts'

/**
 * `https://` (and `http://`): any web server. Credentials come from the netrc file that `NETRC` names, as in curl and pip, but only
 * for a host that it names: an address of the repository must not send the login of `default` to a host of its choice.
 */
export function createHttpsStore(env: Environment, http: HttpClient): Store {
  return {
    async open(url, from) {
      const shown = shownAddress(url)
      let known = false
      const authorize = async ({ hostname }: URL): Promise<Record<string, string>> => {
        const login = env.NETRC ? await loginFor(hostname, env.NETRC) : undefined
        known = login !== undefined
        return login === undefined ? {} : { authorization: basic(login.user, login.password) }
      }
      const answer = await requestContent(http, { url, shown, authorize }, from)
      const unnamed = env.NETRC && !known && (answer.status === 401 || answer.status === 403)
      return contentOf(shown, answer, unnamed ? `the netrc file names no machine ${url.hostname}` : undefined)
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
