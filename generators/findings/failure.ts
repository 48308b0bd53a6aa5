import type { Finding } from './finding.ts'

/**
 * - `push-refused`: the remote was reached and does not take it: rules of the branch, or the rights of the credentials
 * - `forge-forbidden`, `forge-not-found`: the forge does not let the token do it, or shows it nothing there
 */
export type FailureCode = 'push-refused' | 'forge-forbidden' | 'forge-not-found'

/**
 * A command cannot go on: the user's mistake or something outside (a missing file, a refused connection), never a bug.
 * The command line prints it without a stack trace and exits with 2; with `findings` it prints those and exits with 1.
 */
export class Failure extends Error {
  /** What programs decide by; absent where nobody does. */
  readonly code: FailureCode | undefined
  readonly fix: string | undefined
  readonly findings: readonly Finding[]

  /** Text for a person that stands before the findings, such as a table. */
  readonly details: string | undefined
  /** The same for a program. */
  readonly data: object | undefined

  /** @param message what is wrong and where. @param options.fix what to do about it. */
  constructor(
    message: string,
    options: {
      code?: FailureCode
      fix?: string
      findings?: readonly Finding[]
      details?: string
      data?: object
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'Failure'
    this.code = options.code
    this.fix = options.fix
    this.findings = options.findings ?? []
    this.details = options.details
    this.data = options.data
  }
}
