import { Failure } from '../findings/index.ts'
import type { GitRepository } from './git.ts'
import { redact } from './redact.ts'

/** Where a forge keeps a repository. */
export interface ForgeRepository {
  /** With the port where an https address has one. */
  host: string
  /** An organisation or user; with `/` in it where the forge has nested groups. */
  owner: string
  repo: string
}

/**
 * Refuses names that git would read as an option or as something else than a name.
 * @throws Failure
 */
export function checkName(kind: 'branch' | 'remote', name: string): string {
  const wrong =
    !/^[\w.][\w./+=-]*$/.test(name) || /\.\.|\/\/|\/$|\.lock(\/|$)|\/\.|\.$/.test(name) || name.startsWith('.')
  if (wrong) throw new Failure(`"${name}" is not a name for a ${kind}`, { fix: 'Use letters, digits, - . and /.' })
  return name
}

/**
 * The address of a remote, without credentials.
 * @throws Failure when there is no such remote.
 */
export async function remoteUrl(repository: GitRepository, remote: string): Promise<string> {
  try {
    return redact((await repository.git(['remote', 'get-url', checkName('remote', remote)])).trim())
  } catch (error) {
    const known = (await repository.git(['remote'])).split('\n').filter((name) => name !== '')
    throw new Failure(`the repository has no remote named "${remote}"`, {
      fix:
        known.length === 0
          ? `Add one: git remote add ${remote} <address>`
          : `Use one that it has (${known.join(', ')}), or: git remote add ${remote} <address>`,
      cause: error,
    })
  }
}

/** Reads https, ssh and scp-like addresses, with or without `.git`; undefined for a path or anything else. */
export function parseForgeRepository(url: string): ForgeRepository | undefined {
  const { host, path } = splitAddress(url.trim()) ?? {}
  if (host === undefined || path === undefined) return undefined
  const parts = path
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .filter((part) => part !== '')
  const repo = parts.pop()
  if (repo === undefined || parts.length === 0) return undefined
  return { host: host === 'ssh.github.com' ? 'github.com' : host, owner: parts.join('/'), repo }
}

function splitAddress(url: string): { host: string; path: string } | undefined {
  const scheme = /^([a-z+]+):\/\//i.exec(url)?.[1]?.toLowerCase()
  if (scheme !== undefined) {
    if (!/^(https?|ssh|git\+ssh|ssh\+git|git)$/.test(scheme) || !URL.canParse(url)) return undefined
    const { host, hostname, pathname } = new URL(url)
    // The port of an ssh address says nothing about the forge's web address.
    const name = scheme.startsWith('http') ? host : hostname
    return name === '' ? undefined : { host: name.toLowerCase(), path: decodeURI(pathname) }
  }
  // Git takes brackets around the host of the short form, also to give it a port: `[git@host:2222]:group/models.git`.
  const bracketed = /^(?:[^@/\s[]+@)?\[(?:[^@/\s\]]+@)?([^:/\s\]]+)(?::\d+)?\]:(.+)$/.exec(url)
  if (bracketed?.[1] && bracketed[2]) return { host: bracketed[1].toLowerCase(), path: bracketed[2] }
  // One letter before the colon is a Windows drive.
  const scp = /^(?:[^@/\s]+@)?([^:/\s\\]{2,}):(?!\\)(.+)$/.exec(url)
  return scp?.[1] && scp[2] ? { host: scp[1].toLowerCase(), path: scp[2] } : undefined
}
