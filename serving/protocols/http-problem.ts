import type { Problem } from '../session/index.ts'

/** An answer other than the one hoped for. `message` is the body's `error`; it holds no path, stack or library version. */
export class HttpProblem extends Error {
  readonly statusCode: number
  readonly body: { error: string; details?: Problem[]; models?: string[] }
  readonly headers: Record<string, string>

  constructor(
    statusCode: number,
    error: string,
    more: { details?: Problem[]; models?: string[] } = {},
    headers: Record<string, string> = {},
  ) {
    super(error)
    this.name = 'HttpProblem'
    this.statusCode = statusCode
    this.body = { error, ...more }
    this.headers = headers
  }
}

/** The answer to a request without a valid key: the same for none and for a wrong one (RFC 6750, 3). */
export function unauthenticated(): HttpProblem {
  const error = 'this needs a key: send it as Authorization: Bearer <key> or X-API-Key: <key>'
  return new HttpProblem(401, error, {}, { 'www-authenticate': 'Bearer' })
}

/** `error` for a request without the body that it needs. */
export const EMPTY_BODY = 'the body is empty; send JSON'

/** Wrong fields that one answer lists; a caller with more has one mistake repeated. */
export const MOST_DETAILS = 1000

/** The answer to a request whose content is wrong: every wrong field with its path and reason. */
export function wrongFields(statusCode: number, problems: readonly Problem[]): HttpProblem {
  const [first] = problems
  const place = first === undefined || first.path === '' ? 'the request' : first.path
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
  const details = problems.slice(0, MOST_DETAILS).map(({ path, message }) => ({ path, message }))
  return new HttpProblem(statusCode, `${place} ${first?.message ?? 'is wrong'}${more}`, { details })
}
