import { Octokit } from '@octokit/rest'
import { Failure } from '../findings/index.ts'
import type { Forge, PullRequest } from './forge.ts'
import { tokenFrom } from './git-environment.ts'
import { githubFailure } from './github-failure.ts'
import type { ForgeRepository } from './remote.ts'

/** Milliseconds for one call. */
const TIMEOUT = 30_000

export interface GitHubOptions {
  repository: ForgeRepository
  /** Address of the REST API. Default: `GITHUB_API_URL`, else what belongs to the repository's host. */
  baseUrl?: string
  /** Where `GITHUB_TOKEN`, `GH_TOKEN` and `GITHUB_API_URL` are read. Default: `process.env`. */
  environment?: Record<string, string | undefined>
}

/**
 * GitHub, GitHub Enterprise, or what speaks the same REST API.
 * @throws Failure when the environment has no token, or the address would send it unencrypted over a network.
 */
export function createGitHubForge({ repository, baseUrl, environment = process.env }: GitHubOptions): Forge {
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
  })
  const where = `${new URL(address).host} (${owner}/${repo})`
  const request = () => ({ signal: AbortSignal.timeout(TIMEOUT) })
  const attempt = async <T>(doing: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      throw githubFailure(error, doing, where)
    }
  }

  return {
    findOpenPullRequest: (head, base) =>
      attempt('list pull requests', async () => {
        const filter = { owner, repo, head: `${owner}:${head}`, base, state: 'open' as const, per_page: 100 }
        const { data } = await octokit.rest.pulls.list({ ...filter, request: request() })
        // A filter that GitHub does not understand is ignored, and then every open one comes back.
        const found = data.find((pull) => pull.head.ref === head && pull.base.ref === base)
        return found && summary(found)
      }),

    async createPullRequest({ head, base, title, body, labels }) {
      const created = await attempt('open the pull request', async () => {
        const { data } = await octokit.rest.pulls.create({ owner, repo, head, base, title, body, request: request() })
        return summary(data)
      })
      if (labels.length === 0) return { ...created, problems: [] }
      try {
        await attempt(`label pull request #${created.number}`, () =>
          octokit.rest.issues.addLabels({
            owner,
            repo,
            issue_number: created.number,
            labels: [...labels],
            request: request(),
          }),
        )
        return { ...created, problems: [] }
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        return { ...created, problems: [`labels not set: ${error.message}`] }
      }
    },

    updatePullRequest: (number, { title, body }) =>
      attempt(`update pull request #${number}`, async () => {
        const change = { owner, repo, pull_number: number, title, body }
        const { data } = await octokit.rest.pulls.update({ ...change, request: request() })
        return summary(data)
      }),
  }
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
  const { protocol, hostname } = new URL(address)
  const local = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
  if (protocol === 'https:' || (protocol === 'http:' && local)) return
  throw new Failure(`${hostname} would get the token unencrypted`, {
    fix: 'Use an https:// address in GITHUB_API_URL.',
  })
}

function summary(pull: { number: number; html_url: string; title: string; body: string | null }): PullRequest {
  return { number: pull.number, url: pull.html_url, title: pull.title, body: pull.body ?? '' }
}
