import { execFile } from 'node:child_process'
import { Failure } from '../findings/index.ts'
import type { GitRepository } from './git.ts'
import { redact } from './redact.ts'

/** Milliseconds: ssh only reads its configuration. */
const SSH_TIMEOUT = 5000

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

/**
 * The repository on a forge that a remote is; undefined for a path or anything else. Git has resolved `insteadOf`, and ssh the aliases of
 * its configuration: it is asked with the command that Git would call, and connects to nothing.
 */
export async function forgeRepository(repository: GitRepository, remote: string): Promise<ForgeRepository | undefined> {
  const url = await remoteUrl(repository, remote)
  const found = parseForgeRepository(url)
  if (!found || /^(https?|git):/i.test(url)) return found
  return { ...found, host: canonicalHost(await sshHostName(repository, found.host)) }
}

/** What ssh would connect to; the name itself where ssh cannot be asked. */
async function sshHostName({ git, root }: GitRepository, host: string): Promise<string> {
  if (host.startsWith('-')) return host
  const configured = (await git(['config', '--get', 'core.sshCommand']).catch(() => '')).trim()
  const command = process.env['GIT_SSH_COMMAND'] || configured
  const [program, ...args] = command
    ? // As Git calls it: by a shell, with the arguments behind.
      ['sh', '-c', `${command} "$@"`, 'ssh', '-G', host]
    : [process.env['GIT_SSH'] || 'ssh', '-G', host]
  const output = await new Promise<string>((resolve) => {
    execFile(program ?? 'ssh', args, { cwd: root, timeout: SSH_TIMEOUT }, (error, stdout) =>
      resolve(error ? '' : stdout),
    )
  })
  return /^hostname (\S+)$/im.exec(output)?.[1]?.toLowerCase() ?? host
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
  return { host: canonicalHost(host), owner: parts.join('/'), repo }
}

/** GitHub takes ssh on port 443 under another name. */
function canonicalHost(host: string): string {
  return host === 'ssh.github.com' ? 'github.com' : host
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
