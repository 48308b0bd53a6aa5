import { ArtifactError } from '../artifact/index.ts'
import { type GoldenResult, ModelError } from '../session/index.ts'
import { RemoteError, RemoteInterfaceError } from './remote/index.ts'
import { ConfigurationError } from './validate.ts'

/** Why a version does not answer. */
export interface Refusal {
  /** Stable, and free of paths: an answer may carry it. */
  code: string
  /** The whole reason, for the log. */
  message: string
  /** A later attempt may succeed by itself. */
  transient: boolean
}

const MOST_FAILURES_TOLD = 5

/** The model runs, but does not predict what its golden samples promise. */
export class GoldenSamplesError extends Error {
  readonly code = 'golden-samples-failed'
  readonly result: GoldenResult

  constructor(result: GoldenResult) {
    const told = result.failed.slice(0, MOST_FAILURES_TOLD).map(({ message }) => message)
    const more = result.failed.length - told.length
    super(
      `${result.failed.length} values of ${result.samples} golden samples are not what was promised: ` +
        `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    )
    this.name = 'GoldenSamplesError'
    this.result = result
  }
}

export function refusalOf(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof ArtifactError) return { code: error.code, message, transient: error.transient }
  if (error instanceof ModelError || error instanceof GoldenSamplesError) {
    return { code: error.code, message, transient: false }
  }
  if (error instanceof RemoteError)
    return { code: `remote-${error.reason.replaceAll('_', '-')}`, message, transient: true }
  // The other server may be given another model at any time.
  if (error instanceof RemoteInterfaceError) return { code: error.code, message, transient: true }
  if (error instanceof ConfigurationError) return { code: 'golden-samples-invalid', message, transient: false }
  return { code: 'load-failed', message, transient: false }
}
