import { Failure, type FailureCode } from '../../findings/index.ts'
import { redact } from '../../git/index.ts'

/** The parts of an Octokit error that matter here. */
interface HttpError {
  status: number
  message: string
  response?: { headers: Record<string, string | number | undefined>; data?: unknown }
}

function isHttpError(error: unknown): error is HttpError {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
}

/**
 * What went wrong in a call to the forge, in words, with what to do.
 * @param doing what was tried, to complete "... refused to": `open the pull request`.
 * @param where the API's address and the repository: `api.github.com (example/models)`.
 */
export function githubFailure(error: unknown, doing: string, where: string): Failure {
  if (error instanceof Failure) return error
  if (!isHttpError(error)) throw error
  const failure = (message: string, fix: string, code?: FailureCode) =>
    new Failure(redact(message), { fix, cause: shortMessage(error), ...(code && { code }) })

  if (error.response === undefined) {
    return failure(
      `${where} cannot be reached to ${doing}: ${shortMessage(error)}`,
      'Check the network and GITHUB_API_URL, then run the command again; what is pushed stays pushed.',
    )
  }
  const limit = rateLimit(error)
  if (limit !== undefined) {
    return failure(`${where} refused to ${doing}: its rate limit is used up, ${limit}`, 'Run the command again then.')
  }
  switch (error.status) {
    case 401:
      return failure(
        `${where} does not accept the token (401) to ${doing}`,
        'Set GITHUB_TOKEN (or GH_TOKEN) to a token that is valid; this one may have expired or been revoked.',
      )
    case 403: {
      const sso = 'x-github-sso' in error.response.headers
      return failure(
        `${where} does not let this token ${doing} (403): ${shortMessage(error)}`,
        sso
          ? "Authorize the token for the organisation's single sign-on, in the token's settings."
          : 'Give the token "pull requests: write" and "contents: write" for this repository.',
        'forge-forbidden',
      )
    }
    case 404:
      return failure(
        `${where} is not there for this token (404) to ${doing}`,
        "Check the remote's owner and name, GITHUB_API_URL, and that the token may read this repository.",
        'forge-not-found',
      )
    case 422:
      return failure(
        `${where} refused to ${doing} (422): ${validation(error)}`,
        'Check that the base branch exists there and that the branch differs from it.',
      )
    default:
      return error.status >= 500
        ? failure(
            `${where} failed to ${doing} (${error.status}): ${shortMessage(error)}`,
            'The forge has trouble; run the command again later. What is pushed stays pushed.',
          )
        : failure(
            `${where} answered ${error.status} when asked to ${doing}: ${shortMessage(error)}`,
            'Read its answer, repair what it names, and run the command again.',
          )
  }
}

/** When calls are allowed again; undefined when the error is not about too many calls. */
function rateLimit({ status, message, response }: HttpError): string | undefined {
  if (status !== 403 && status !== 429) return undefined
  const headers = response?.headers ?? {}
  const retryAfter = Number(headers['retry-after'])
  const reset = Number(headers['x-ratelimit-reset'])
  if (retryAfter > 0) return `try again in ${retryAfter} s`
  const usedUp = String(headers['x-ratelimit-remaining']) === '0'
  if (usedUp && reset > 0) return `it resets at ${new Date(reset * 1000).toISOString()}`
  return usedUp || status === 429 || /rate limit/i.test(message) ? 'and it does not say until when' : undefined
}

/** GitHub's `errors` say more than its message, which is only "Validation Failed". */
function validation(error: HttpError): string {
  const data = error.response?.data as { message?: unknown; errors?: unknown } | undefined
  const errors = Array.isArray(data?.errors) ? (data.errors as unknown[]) : []
  const said = errors.map((item) => {
    if (typeof item !== 'object' || item === null) return String(item)
    const { message, resource, field, code } = item as Record<string, unknown>
    return typeof message === 'string' ? message : [resource, field, code].filter((part) => part).join(' ')
  })
  return said.length > 0 ? said.join('; ').slice(0, 300) : shortMessage(error)
}

/** One line: proxies answer with whole HTML pages. */
function shortMessage({ message }: HttpError): string {
  const text = redact(message)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ - https:\/\/docs\.github\.com\S*$/, '')
    .trim()
  return text === '' ? 'no message' : text.slice(0, 200)
}
