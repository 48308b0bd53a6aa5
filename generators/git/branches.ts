import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../findings/index.ts'
import type { GitRepository } from './git.ts'
import { GitFailure, outputOf, remoteProblem } from './git-failure.ts'
import { HookFailure, type Hooks } from './hooks.ts'
import { checkName, remoteUrl } from './remote.ts'

/** Milliseconds of silence; `--progress` makes a remote that works speak every second. */
const FETCH_SILENCE = 20_000
/** A server's own checks may keep a push waiting. */
const PUSH_SILENCE = 120_000
/** Milliseconds, the last of doubling pauses for a lock. */
const LONGEST_PAUSE = 1_600

export interface Base {
  /** Full id. */
  commit: string
  /** False when the remote could not be asked and `commit` is the last one known here. */
  fetched: boolean
  /** Why it was not fetched, for people. */
  problem?: string
}

/** A commit's content and place. */
export interface CommitState {
  commit: string
  tree: string
  /** Absent for a first commit and for a merge, which no single parent describes. */
  parent?: string
  message: string
}

/** The commit that `revision` names; undefined when there is none. */
export async function resolveCommit(repository: GitRepository, revision: string): Promise<string | undefined> {
  try {
    const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
    return (await repository.git(args)).trim().split('\n').pop()
  } catch (error) {
    if (error instanceof GitFailure) return undefined
    throw error
  }
}

export async function commitState(repository: GitRepository, commit: string): Promise<CommitState> {
  const text = await repository.git(['show', '--no-patch', '--format=%H%n%T%n%P%n%B', commit])
  const [id = '', tree = '', parents = '', ...message] = text.split('\n')
  const parent = parents.includes(' ') || parents === '' ? undefined : parents
  return { commit: id, tree, ...(parent === undefined ? {} : { parent }), message: message.join('\n').trimEnd() }
}

async function fetchBranch(repository: GitRepository, remote: string, branch: string): Promise<void> {
  const refspec = `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`
  await patiently(() =>
    repository.git(['fetch', '--no-tags', '--progress', remote, refspec], { silence: FETCH_SILENCE }),
  )
}

/** Another process holds git's lock of the same name, for a moment. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let pause = 100; ; pause *= 2) {
    try {
      return await work()
    } catch (error) {
      const isLocked = error instanceof GitFailure && /cannot lock ref|Unable to create '.*\.lock'/.test(error.message)
      if (!isLocked || pause > LONGEST_PAUSE) throw error
      await sleep(pause)
    }
  }
}

const isMissingBranch = (error: unknown) =>
  error instanceof GitFailure && /couldn't find remote ref/i.test(error.message)

/**
 * The newest commit of a remote's branch. A remote that cannot be reached is no error while a commit of it is known here
 * (the remote-tracking branch, else the local branch): `fetched` is then false and `problem` says why.
 * @throws Failure when there is no such remote, the remote has no such branch, or nothing is known of it.
 */
export async function fetchBase(
  repository: GitRepository,
  { remote, branch }: { remote: string; branch: string },
): Promise<Base> {
  checkName('branch', branch)
  await remoteUrl(repository, remote)
  let problem: { what: string; fix: string } | undefined
  try {
    await fetchBranch(repository, remote, branch)
  } catch (error) {
    if (isMissingBranch(error)) {
      throw new Failure(`${remote} has no branch named "${branch}"`, {
        fix: `Push it (git push ${remote} ${branch}), or name the branch that pull requests go to: --base, or baseBranch in modelyard.yaml.`,
        cause: error,
      })
    }
    problem = remoteProblem(error, remote)
  }
  const tracked = await resolveCommit(repository, `refs/remotes/${remote}/${branch}`)
  if (problem === undefined && tracked !== undefined) return { commit: tracked, fetched: true }
  const commit = tracked ?? (await resolveCommit(repository, `refs/heads/${branch}`))
  const what = problem?.what ?? `${remote} gave no commit for ${branch}`
  if (commit === undefined) {
    throw new Failure(`${what}, and no commit of ${branch} is known here`, {
      fix: problem?.fix ?? `Fetch it by hand: git fetch ${remote} ${branch}`,
    })
  }
  const where = tracked === undefined ? `the local branch ${branch}` : `the last fetched ${remote}/${branch}`
  return { commit, fetched: false, problem: `${what}; used ${where}, ${commit.slice(0, 7)}` }
}

/**
 * The branch that a remote calls its own: as the clone recorded it (`refs/remotes/<remote>/HEAD`), otherwise as the remote says
 * now. `main` where neither can be asked; what needs the branch then says that it is missing.
 */
export async function defaultBranch(repository: GitRepository, remote: string): Promise<string> {
  checkName('remote', remote)
  const prefix = `refs/remotes/${remote}/`
  const ask = (args: string[]) =>
    repository.git(args, { silence: FETCH_SILENCE }).catch((error: unknown) => {
      if (error instanceof GitFailure) return ''
      throw error
    })
  const recorded = (await ask(['symbolic-ref', '--quiet', `${prefix}HEAD`])).trim()
  if (recorded.startsWith(prefix)) return recorded.slice(prefix.length)
  return /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(await ask(['ls-remote', '--symref', remote, 'HEAD']))?.[1] ?? 'main'
}

/** How many commits of the local branch the base does not have; a person may think that they count. */
export async function commitsBeyond(repository: GitRepository, branch: string, base: string): Promise<number> {
  if ((await resolveCommit(repository, `refs/heads/${branch}`)) === undefined) return 0
  return Number(await repository.git(['rev-list', '--count', `${base}..refs/heads/${branch}`]))
}

/**
 * What a remote's branch holds now; an empty object when the remote has no such branch.
 * @throws Failure when the remote cannot be asked.
 */
export async function branchState(
  repository: GitRepository,
  remote: string,
  branch: string,
): Promise<Partial<CommitState>> {
  checkName('branch', branch)
  await remoteUrl(repository, remote)
  try {
    await fetchBranch(repository, remote, branch)
  } catch (error) {
    if (isMissingBranch(error)) return {}
    const { what, fix } = remoteProblem(error, remote)
    throw new Failure(what, { fix, cause: error })
  }
  return await commitState(repository, `refs/remotes/${remote}/${branch}`)
}

/**
 * Makes a remote's branch point to `commit`, only if it still is at `expected` (absent: only if there is no such branch).
 * @param hooks whose `pre-push` sees it first. Default: none
 * @throws Failure when somebody else moved it, the branch is protected, a hook says no, or the remote refuses or cannot be reached.
 */
export async function pushBranch(
  repository: GitRepository,
  {
    remote,
    branch,
    commit,
    expected,
    hooks,
  }: { remote: string; branch: string; commit: string; expected?: string; hooks?: Hooks },
): Promise<void> {
  const ref = `refs/heads/${checkName('branch', branch)}`
  await remoteUrl(repository, remote)
  const hook = hooks?.present.includes('pre-push') ? hooks : undefined
  const args = ['push', '--porcelain', '--progress', `--force-with-lease=${ref}:${expected ?? ''}`]
  try {
    // A hook may be silent for as long as its tests take.
    const options = hook ? { hooks: hook.folder } : { silence: PUSH_SILENCE }
    await patiently(() => repository.git([...args, remote, `${commit}:${ref}`], options))
  } catch (error) {
    if (hook && error instanceof GitFailure && isStoppedHere(error)) {
      throw new HookFailure('pre-push', outputOf(error), error)
    }
    throw whyNotPushed(error, remote, branch)
  }
}

/** Git names each ref that the remote refused, and says `fatal` where it was not reached; neither when its own hook says no. */
function isStoppedHere({ cause }: GitFailure): boolean {
  const text = String(cause)
  return /^error: failed to push some refs/m.test(text) && !/^(!\t|fatal: )/m.test(text)
}

function whyNotPushed(error: unknown, remote: string, branch: string): Failure {
  const message = error instanceof Error ? error.message : String(error)
  if (/stale info|fetch first|non-fast-forward/.test(message)) {
    return new Failure(`somebody else changed ${branch} on ${remote} in the meantime; it was left as it is`, {
      fix: 'Run the command again: it starts from what is there now.',
      cause: error,
    })
  }
  if (/protected branch|GH006|GH013|pre-receive hook declined|\[remote rejected\]/i.test(message)) {
    // `!<tab><commit>:<ref><tab>[remote rejected] (...)` of --porcelain
    const lines = message.split('\n').map((line) => line.replace(/^!\t\S+\t/, ''))
    const said = lines.filter((line) => !/^(Everything|error: failed to push)/.test(line))
    return new Failure(`${remote} refused the push to ${branch}: ${said.slice(0, 4).join('; ')}`, {
      code: 'push-refused',
      fix: 'Let this token push to the branch in the branch rules, or go through a pull request.',
      cause: error,
    })
  }
  const { what, ...options } = remoteProblem(error, remote)
  return new Failure(`${branch} could not be pushed: ${what}`, { ...options, cause: error })
}

/**
 * Creates or moves a local branch; the user's current branch is never moved.
 * @throws Failure when the branch is checked out somewhere and stands elsewhere.
 */
export async function setLocalBranch(repository: GitRepository, branch: string, commit: string): Promise<void> {
  checkName('branch', branch)
  if ((await resolveCommit(repository, `refs/heads/${branch}`)) === commit) return
  try {
    await repository.git(['branch', '--force', '--no-track', branch, commit])
  } catch (error) {
    throw new Failure(
      `the local branch ${branch} could not be set to ${commit.slice(0, 7)}: ${(error as Error).message}`,
      {
        fix: 'If it is checked out, switch to another branch (git switch -) and run the command again.',
        cause: error,
      },
    )
  }
}
