/**
 * Why a version elsewhere gave no answer.
 * - `unreachable`: no connection, or it broke
 * - `time_out`: no whole answer within the time it had
 * - `status`: an answer that is neither a success nor a refusal of the input
 * - `wrong_answer`: a success that is not what the interface promises, or of another version
 * - `busy`: as many requests are under way there as may be
 */
export type RemoteFailure = 'unreachable' | 'time_out' | 'status' | 'wrong_answer' | 'busy'

/** A version elsewhere gave no answer. The message names its address: it is for the log. */
export class RemoteError extends Error {
  readonly reason: RemoteFailure

  constructor(reason: RemoteFailure, message: string) {
    super(message)
    this.name = 'RemoteError'
    this.reason = reason
  }
}

/** The interface there is not the one that requests are read and answered by here, or nobody can tell. */
export class RemoteInterfaceError extends Error {
  readonly code = 'remote-interface-differs'

  constructor(address: string, differences: readonly string[]) {
    super(`${address} is not as the stable version is: ${differences.join('; ')}`)
    this.name = 'RemoteInterfaceError'
  }
}
