import type { Finding } from './finding.ts'

/**
 * A command cannot go on: the user's mistake or something outside (a missing file, a refused connection), never a bug.
 * The command line prints it without a stack trace and exits with 2; with `findings` it prints those and exits with 1.
 */
export class Failure extends Error {
  readonly fix: string | undefined
  readonly findings: readonly Finding[]

  /** Text for a person that stands before the findings, such as a table. */
  readonly details: string | undefined
  /** The same for a program. */
  readonly data: object | undefined

  /** @param message what is wrong and where. @param options.fix what to do about it. */
  constructor(
    message: string,
    options: { fix?: string; findings?: readonly Finding[]; details?: string; data?: object; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'Failure'
    this.fix = options.fix
    this.findings = options.findings ?? []
    this.details = options.details
    this.data = options.data
  }
}
