import type { Forge, PullRequest, Reviewers } from '../forge.ts'
import { reportCheck } from './check.ts'
import { createGitHubClient, type GitHubClient, type GitHubOptions } from './client.ts'

/**
 * GitHub, GitHub Enterprise, or what speaks the same REST API.
 * @throws Failure when the environment has no token, or the address would send it unencrypted over a network.
 */
export function createGitHubForge(options: GitHubOptions): Forge {
  const client = createGitHubClient(options)
  const { rest, owner, repo, attempt } = client
  const here = { owner, repo }
  return {
    findOpenPullRequest: (head, base) =>
      attempt('list pull requests', async () => {
        const filter = { ...here, head: `${owner}:${head}`, base, state: 'open' as const, per_page: 100 }
        // A filter that a forge does not understand is ignored, and then every open one comes back, in pages.
        for await (const { data } of client.paginate.iterator(rest.pulls.list, filter)) {
          const found = data.find((pull) => pull.head.ref === head && pull.base.ref === base)
          if (found) return summary(found)
        }
        return undefined
      }),

    createPullRequest: (request) =>
      attempt('open the pull request', async () => summary((await rest.pulls.create({ ...here, ...request })).data)),

    updatePullRequest: (number, change) =>
      attempt(`update pull request #${number}`, async () =>
        summary((await rest.pulls.update({ ...here, pull_number: number, ...change })).data),
      ),

    closePullRequest: (number, reason) =>
      attempt(`close pull request #${number}`, async () => {
        const comments = { ...here, issue_number: number, per_page: 100 }
        // A run that was ended between the two said it already.
        const said = await client.paginate(rest.issues.listComments, comments)
        if (!said.some(({ body }) => body?.trim() === reason)) {
          await rest.issues.createComment({ ...here, issue_number: number, body: reason })
        }
        await rest.pulls.update({ ...here, pull_number: number, state: 'closed' })
      }),

    addLabels: (number, labels) =>
      attempt(`label pull request #${number}`, async () => {
        await rest.issues.addLabels({ ...here, issue_number: number, labels: [...labels] })
      }),

    requestReviews: (pull, reviewers) =>
      attempt(`request reviews of pull request #${pull.number}`, () => requestReviews(client, pull, reviewers)),

    reportCheck: (commit, check) => reportCheck(client, commit, check),
  }
}

async function requestReviews(
  { rest, paginate, owner, repo }: GitHubClient,
  { number, author, reviewers }: PullRequest,
  wanted: Reviewers,
): Promise<void> {
  const isNew = (name: string) => !reviewers.includes(name)
  const teams = wanted.teams.filter(isNew)
  const users = wanted.users.filter((user) => isNew(user) && !isSame(user, author))
  if (teams.length + users.length === 0) return
  const pull = { owner, repo, pull_number: number }
  const reviews = await paginate(rest.pulls.listReviews, { ...pull, per_page: 100 })
  // Whose review is there is not asked again by every run; and a team's request goes when one of it has answered.
  if (teams.length > 0 && users.length === 0 && reviews.length > 0) return
  const open = users.filter((user) => !reviews.some((review) => review.user && isSame(review.user.login, user)))
  if (teams.length + open.length === 0) return
  await rest.pulls.requestReviewers({ ...pull, reviewers: open, team_reviewers: teams })
}

/** Names of users are the same in any case of letters. */
function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** What GitHub's forms of a pull request have in common. */
interface GitHubPullRequest {
  number: number
  html_url: string
  title: string
  body: string | null
  user: { login: string } | null
  labels: { name?: string }[]
  requested_reviewers?: { login: string }[] | null
  requested_teams?: { slug: string }[] | null
}

function summary(pull: GitHubPullRequest): PullRequest {
  return {
    number: pull.number,
    url: pull.html_url,
    title: pull.title,
    body: pull.body ?? '',
    author: pull.user?.login ?? '',
    labels: pull.labels.flatMap(({ name }) => name ?? []),
    reviewers: [
      ...(pull.requested_reviewers ?? []).map(({ login }) => login),
      ...(pull.requested_teams ?? []).map(({ slug }) => slug),
    ],
  }
}
