import { type StatusObject, status } from '@grpc/grpc-js'
import type { HttpProblem } from '../http-problem.ts'

/** gRPC sends the message in a header: proxies refuse long ones. */
const LONGEST_DETAILS = 4000

const CODES: Record<number, status> = {
  200: status.OK,
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  404: status.NOT_FOUND,
  413: status.RESOURCE_EXHAUSTED,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  499: status.CANCELLED,
  500: status.INTERNAL,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
}

/** The status of a problem, with every wrong field as `path message`; INTERNAL without a word where it is no known problem. */
export function statusOf(problem: HttpProblem | undefined): Pick<StatusObject, 'code' | 'details'> {
  if (problem === undefined) return { code: status.INTERNAL, details: 'internal error' }
  const { error, details = [] } = problem.body
  const fields = details.map(({ path, message }) => `${path} ${message}`.trim())
  const text = fields.length > 1 ? fields.join('; ') : error
  const shown = text.length > LONGEST_DETAILS ? `${text.slice(0, LONGEST_DETAILS)}...` : text
  return { code: codeOf(problem.statusCode), details: shown }
}

/** gRPC's code for the one that REST would give. */
export function codeOf(httpStatus: number): status {
  return CODES[httpStatus] ?? status.UNKNOWN
}
