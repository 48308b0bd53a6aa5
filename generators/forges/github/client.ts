import { setTimeout as sleep } from 'node:timers/promises'
import { Octokit } from '@octokit/rest'
import { readBounded } from 'modelyard-serving/artifact'
import { Failure } from '../../findings/index.ts'
import type { ForgeRepository } from '../../git/index.ts'
import { isLoopback, tokenFrom } from '../../git/index.ts'
import { githubFailure } from './failure.ts'

/** Milliseconds for one call. */
const TIMEOUT = 30_000
/** Seconds that a call waits when the forge says how long; one that asks for more fails and says so. */
const LONGEST_WAIT = 60
/** Seconds before a call that may be repeated is repeated: the forge was down for a moment. */
const PAUSES = [1, 4]

export interface GitHubOptions {
  repository: ForgeRepository
  /** Address of the REST API. Default: `GITHUB_API_URL`, else what belongs to the repository's host. */
  baseUrl?: string
  /** Where `GITHUB_TOKEN`, `GH_TOKEN` and `GITHUB_API_URL` are read. Default: `process.env`. */
  environment?: Record<string, string | undefined>
  /** How a call waits before it is repeated. Default: by the clock. */
  wait?: (seconds: number) => Promise<void>
}

/** The REST API of one repository. */
export interface GitHubClient {
  rest: Octokit['rest']
  paginate: Octokit['paginate']
  owner: string
  repo: string
  /** Runs a call; what goes wrong becomes a `Failure` that says what was tried and where. */
  attempt<T>(doing: string, call: () => Promise<T>): Promise<T>
}

/**
 * Calls with the token of the environment, a time limit each, and a short patience with limits and outages.
 * @throws Failure when the environment has no token, or the address would send it unencrypted over a network.
 */
export function createGitHubClient(options: GitHubOptions): GitHubClient {
  const { repository, baseUrl, environment = process.env, wait = (seconds) => sleep(seconds * 1000) } = options
  const { host, owner, repo } = repository
  const address = (baseUrl ?? environment['GITHUB_API_URL'] ?? apiOf(host)).replace(/\/+$/, '')
  checkAddress(address)
  const token = tokenFrom(environment)
  if (token === undefined) {
    throw new Failure(`no token for ${new URL(address).host}: neither GITHUB_TOKEN nor GH_TOKEN is set`, {
      fix: 'Set GITHUB_TOKEN to a token with "contents: write" and "pull requests: write".',
    })
  }
  const silent = () => {}
  const octokit = new Octokit({
    auth: token,
    baseUrl: address,
    userAgent: 'modelyard',
    // Octokit's own log prints request paths to the console.
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: { fetch: boundedFetch },
  })
  octokit.hook.wrap('request', async (request, parameters) => {
    const fresh = () => ({ ...parameters, request: { ...parameters.request, signal: AbortSignal.timeout(TIMEOUT) } })
    for (let tried = 0; ; tried++) {
      try {
        return await request(fresh())
      } catch (error) {
        const seconds = pauseAfter(error, parameters.method, tried)
        if (seconds === undefined) throw error
        await wait(seconds)
      }
    }
  })
  const where = `${new URL(address).host} (${owner}/${repo})`
  return {
    rest: octokit.rest,
    paginate: octokit.paginate,
    owner,
    repo,
    attempt: async (doing, call) => {
      try {
        return await call()
      } catch (error) {
        throw githubFailure(error, doing, where)
      }
    },
  }
}

/** A page of a forge's API has some hundred kilobytes. */
const MAX_BYTES = 32 * 1024 * 1024

/** `fetch` whose answers are read here, within limits, before Octokit parses them. */
async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  const body = await readBounded(response.body, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT })
  const { status, statusText, headers } = response
  return new Response(body.byteLength === 0 ? null : new Uint8Array(body), { status, statusText, headers })
}

/**
 * Seconds to wait before the call is made again; undefined when it is not. A call that was held off by a limit did nothing, so
 * any may be repeated; after a 502 or a lost connection only one that does the same twice.
 */
function pauseAfter(error: unknown, method: string, tried: number): number | undefined {
  const { status, response } = error as { status?: number; response?: { headers: Record<string, unknown> } }
  if (tried >= PAUSES.length) return undefined
  if (status === 429 || status === 403) {
    const seconds = Number(response?.headers['retry-after'])
    return seconds >= 0 && seconds <= LONGEST_WAIT ? seconds : undefined
  }
  const isPassing = status === 502 || status === 503 || status === 504
  return isPassing && method !== 'POST' ? PAUSES[tried] : undefined
}

function apiOf(host: string): string {
  return host === 'github.com' ? 'https://api.github.com' : `https://${host}/api/v3`
}

function checkAddress(address: string): void {
  if (!URL.canParse(address)) {
    throw new Failure(`"${address}" is not the address of an API`, {
      fix: 'Set GITHUB_API_URL to something like https://github.example.com/api/v3.',
    })
  }
  const url = new URL(address)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return
  throw new Failure(`${url.hostname} would get the token unencrypted`, {
    fix: 'Use an https:// address in GITHUB_API_URL.',
  })
}
