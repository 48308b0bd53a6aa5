import { Failure, type FailureCode } from '../findings/index.ts'
import { redact } from './redact.ts'

/** Git said no. `message` is its own text, without credentials and without the hints. */
export class GitFailure extends Failure {
  constructor(message: string, cause: unknown) {
    super(message, { fix: 'Read the message of git above, repair it, and run the command again.', cause: bare(cause) })
    this.name = 'GitFailure'
  }
}

/** simple-git's errors hold the task with its arguments; what is kept is text without credentials. */
function bare(cause: unknown): string {
  return redact(cause instanceof Error ? cause.message : String(cause))
}

const NOISE =
  /^(hint:|To |Done$|(Enumerating|Counting|Compressing|Writing|Receiving|Resolving) (objects|deltas)|Delta compression|Total \d)/

/** What git printed, shortened to what says why: no hints, no progress. */
export function messageOf(error: unknown): string {
  const lines = linesOf(bare(error))
  return lines.slice(0, 8).join('\n') || 'git failed without saying why'
}

function linesOf(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.replace(/^remote: /, '').trim())
    .filter((line) => line !== '' && !NOISE.test(line))
}

/** More of what was printed, for hooks, whose reports are longer: the last 40 lines, without git's own about the end of a push. */
export function outputOf({ cause }: GitFailure): string {
  const lines = linesOf(String(cause)).filter((line) => !/^(error: failed to push|exit code \d+$)/.test(line))
  return lines.slice(-40).join('\n') || '(it printed nothing)'
}

/** Why a remote could not be reached or refused, in words, with what to do. */
export function remoteProblem(error: unknown, remote: string): { what: string; fix: string; code?: FailureCode } {
  const message = error instanceof Error ? error.message : String(error)
  const first = message.split('\n').find((line) => /fatal|error|denied|refused/i.test(line)) ?? message.split('\n')[0]
  const reason = (first ?? '').replace(/^(fatal|error): /, '')
  if (
    /Authentication failed|terminal prompts disabled|Permission denied|returned error: 401|could not read Username/i.test(
      message,
    )
  ) {
    return {
      what: `${remote} does not accept the credentials (${reason})`,
      fix: 'Set GITHUB_TOKEN to a token that is valid and may write to the repository, or load the SSH key.',
    }
  }
  if (/returned error: 403|not allowed to|Permission to .* denied/i.test(message)) {
    return {
      code: 'push-refused',
      what: `${remote} does not let these credentials write (${reason})`,
      fix: 'Use a token with "contents: write" and "pull requests: write" for this repository.',
    }
  }
  if (/block timeout/.test(message)) {
    return { what: `${remote} did not answer in time`, fix: 'Check the network and the proxy, then run it again.' }
  }
  if (/does not appear to be a git repository|repository .*not found|returned error: 404/i.test(message)) {
    return {
      what: `${remote} is not a repository that these credentials can see (${reason})`,
      fix: `Check its address with: git remote get-url ${remote}`,
    }
  }
  return { what: `${remote} cannot be reached (${reason})`, fix: 'Check the network, then run the command again.' }
}
