import type { Finding } from './finding.ts'

/**
 * A command cannot go on: the user's mistake or something outside (a missing file, a refused connection), never a bug.
 * The command line prints it without a stack trace and exits with 2; with `findings` it prints those and exits with 1.
 */
export class Failure extends Error {
  readonly fix: string | undefined
  readonly findings: readonly Finding[]

  /** @param message what is wrong and where. @param options.fix what to do about it. */
  constructor(message: string, options: { fix?: string; findings?: readonly Finding[]; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'Failure'
    this.fix = options.fix
    this.findings = options.findings ?? []
  }
}
