import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../findings/index.ts'
import { withTreeTrailer } from './foreign-commits.ts'
import type { GitRepository } from './git.ts'
import { type Hooks, runCommitHooks } from './hooks.ts'

const NAME = /^modelyard-(\d+)-\w+$/
/** Milliseconds. */
const OLD = 3_600_000

/**
 * Calls `work` with a folder that holds `commit`, and removes the folder afterwards, whatever happens. The user's work
 * tree, index and branch are not touched. The folder corresponds to `repository.root`, also where that is a folder
 * inside a larger Git repository.
 * @param needs which files are checked out, by their path from `repository.root`; by default all. The others are in the index,
 * and so in every commit that is made here.
 * @throws Failure when the commit cannot be checked out, and whatever `work` throws.
 */
export async function withScratchWorktree<T>(
  repository: GitRepository,
  commit: string,
  work: (directory: string) => Promise<T>,
  needs?: (file: string) => boolean,
): Promise<T> {
  await removeLeftovers(repository)
  const top = join(realpathSync(tmpdir()), `modelyard-${process.pid}-`)
  const directory = mkdtempSync(top)
  try {
    try {
      const none = needs ? ['--no-checkout'] : []
      await repository.git(['worktree', 'add', '--detach', '--force', ...none, directory, commit], {
        exact: true,
      })
      if (needs) await checkOut(repository, directory, needs)
    } catch (error) {
      throw new Failure(
        `${commit.slice(0, 7)} could not be checked out into ${directory}: ${(error as Error).message}`,
        {
          fix: 'Check that the disk has room and that the commit is complete (a partial clone needs the network).',
          cause: error,
        },
      )
    }
    return await work(join(directory, repository.prefix))
  } finally {
    await remove(repository, directory)
  }
}

/** Files outside of `repository.root` are needed too: a definition may import one. */
async function checkOut(
  { git, prefix }: GitRepository,
  directory: string,
  needs: (file: string) => boolean,
): Promise<void> {
  await git(['read-tree', 'HEAD'], { directory, exact: true })
  const all = (await git(['ls-files', '-z'], { directory, exact: true })).split('\0')
  const wanted = all.filter((file) => !file.startsWith(prefix) || needs(file.slice(prefix.length)))
  await git(['checkout-index', '--force', '-z', '--stdin'], {
    directory,
    input: wanted.join('\0'),
    exact: true,
  })
  // An empty repository checks out nothing, and the folder must be there.
  mkdirSync(join(directory, prefix), { recursive: true })
}

/**
 * Runs that were killed leave their folder and git's record of it; the folder's name tells whose it was. One without a record may
 * be of a machine that shares the temporary folder, and goes when it is old.
 */
async function removeLeftovers(repository: GitRepository): Promise<void> {
  const temporary = realpathSync(tmpdir())
  const list = await repository.git(['worktree', 'list', '--porcelain'])
  const recorded = new Map<string, { isLocked: boolean }>()
  for (const entry of list.split('\n\n')) {
    const path = /^worktree (.+)$/m.exec(entry)?.[1]
    if (path !== undefined) recorded.set(path, { isLocked: /^locked\b/m.test(entry) })
  }
  const folders = readdirSync(temporary).map((name) => join(temporary, name))
  // A record elsewhere may be of another machine, whose processes are not known here.
  const here = [...recorded.keys()].filter((path) => dirname(path) === temporary)
  for (const path of new Set([...here, ...folders].filter(isLeftBehind))) {
    const record = recorded.get(path)
    // git locks a record until it is complete, and prunes no locked one. Another run may clean up at the same time.
    if (record?.isLocked) await repository.git(['worktree', 'unlock', path]).catch(() => undefined)
    if (record) await remove(repository, path)
    else removeOld(path)
  }
}

function isLeftBehind(path: string): boolean {
  const pid = NAME.exec(basename(path))?.[1]
  return pid !== undefined && !isRunning(Number(pid))
}

function removeOld(path: string): void {
  try {
    if (Date.now() - statSync(path).mtimeMs > OLD) rmSync(path, { recursive: true, force: true })
  } catch {
    // Somebody else's, or gone meanwhile: it is in nobody's way.
  }
}

async function remove(repository: GitRepository, directory: string): Promise<void> {
  // Not `git worktree remove`: that refuses what it calls damaged, and pruning does the same to git's record.
  if (existsSync(directory)) rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  await repository.git(['worktree', 'prune'])
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export interface CommitOptions {
  message: string
  /** Default: what git is configured with. The committer always is. */
  author?: { name: string; email: string }
  /**
   * Only these, and also when an ignore file hides them (many people ignore `dist/` everywhere). Default: everything that is not
   * ignored.
   */
  paths?: readonly string[]
  /** Hooks that see the commit before it is made. Default: none. */
  hooks?: Hooks
}

/**
 * Commits what changed in a scratch work tree and moves its head there. A trailer names the tree, so that a commit which somebody
 * amends is told from one of ours (`foreignCommits`).
 *
 * The dates are the true ones: history reads "what ran when" from them, so a repeated run makes another commit id.
 * Whether anything needs pushing is told by comparing trees, parents and messages (`publishChange`).
 * @returns the commit; undefined when nothing changed.
 * @throws Failure when git knows no name for the committer, signing fails, or a hook says no.
 */
export async function commitAll(
  repository: GitRepository,
  directory: string,
  { message, author, paths, hooks }: CommitOptions,
): Promise<string | undefined> {
  const git = async (args: string[], more: { input?: string; environment?: Record<string, string> } = {}) =>
    (await repository.git(args, { directory, exact: true, ...more })).trim()

  if (paths === undefined) await git(['add', '--all'])
  else await addPaths(git, directory, paths)

  const tree = await git(['write-tree'])
  const [parent = '', former] = (await git(['rev-parse', 'HEAD', 'HEAD^{tree}'])).split('\n')
  if (tree === former) return undefined
  const text = withTreeTrailer(message, tree)
  const seen = hooks ? await runCommitHooks(repository, hooks, { directory, message: text }) : text
  // commit-tree, unlike commit, does not follow this setting by itself.
  const sign = (await git(['config', '--type=bool', '--default=false', '--get', 'commit.gpgSign'])) === 'true'
  const environment = author && { GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email }
  try {
    const args = ['commit-tree', tree, '-p', parent, ...(sign ? ['-S'] : [])]
    // The message goes through standard input: as an argument it could be read as an option.
    const commit = await git(args, { input: seen, ...(environment ? { environment } : {}) })
    await git(['update-ref', '--no-deref', 'HEAD', commit])
    return commit
  } catch (error) {
    const text = (error as Error).message
    const unnamed = /tell me who you are|empty ident name|unable to auto-detect email/i.test(text)
    throw new Failure(unnamed ? 'git does not know who commits' : `the commit could not be made: ${text}`, {
      fix: unnamed
        ? 'Set it: git config user.name "..." and git config user.email "..." (in CI: GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL).'
        : 'If it is about signing, make the key available or run: git config commit.gpgSign false',
      cause: error,
    })
  }
}

async function addPaths(
  git: (args: string[], more?: { input: string }) => Promise<string>,
  directory: string,
  paths: readonly string[],
): Promise<void> {
  const gone = paths.filter((path) => !existsSync(join(directory, path)))
  // git add refuses a path that neither exists nor was there before.
  const removed = gone.length === 0 ? [] : (await git([...LITERALLY, 'ls-files', '-z', '--', ...gone])).split('\0')
  const known = paths.filter((path) => !gone.includes(path) || removed.some((file) => isAtOrBelow(file, path)))
  if (known.length === 0) return
  const args = ['add', '--all', '--force', '--pathspec-from-file=-', '--pathspec-file-nul']
  await git([...LITERALLY, ...args], { input: known.join('\0') })
}

/** A `*` in a name is that character. */
const LITERALLY = ['--literal-pathspecs']

function isAtOrBelow(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`)
}
