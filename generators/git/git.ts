import { realpathSync } from 'node:fs'
import { type SimpleGitOptions, simpleGit } from 'simple-git'
import { Failure } from '../findings/index.ts'
import { gitEnvironment } from './git-environment.ts'
import { GitFailure, messageOf } from './git-failure.ts'

export interface GitOptions {
  /** Where the command runs. Default: the repository's root. */
  directory?: string
  /** Text for the command's standard input. */
  input?: string
  /** Beside what `gitEnvironment` gives. */
  environment?: Record<string, string>
  /** Every file is read and written, as Git stores it, whatever line ends and sparse checkout the user's settings ask for. */
  exact?: boolean
  /** Folder of hooks that this command runs. Default: it runs none. */
  hooks?: string
  /** Milliseconds without a byte of output after which the command is stopped. Default: never. */
  silence?: number
}

/** One repository, as the functions of this folder take it. */
export interface GitRepository {
  /** Absolute path of the Modelyard repository, which may be a folder inside a larger Git repository. */
  readonly root: string
  /** `root` relative to the top of the Git work tree: empty, or with a `/` at the end. */
  readonly prefix: string
  /** Runs git and gives what it printed. @throws GitFailure with git's message, credentials removed. */
  git(args: readonly string[], options?: GitOptions): Promise<string>
}

/**
 * simple-git's guards protect programs that hand a stranger's text to git as arguments. Here every argument is composed in
 * this folder (names are checked by `checkName`), so the user's own environment is let through; what runs a program
 * named on the command line stays forbidden.
 */
const LET_THROUGH: SimpleGitOptions['unsafe'] = {
  allowUnsafeAskPass: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeHooksPath: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSshCommand: true,
  allowUnsafeUrlRewrite: true,
}

const EXACT: [string, string][] = [
  ['core.autocrlf', 'false'],
  ['core.eol', 'lf'],
  ['core.safecrlf', 'false'],
  ['core.sparseCheckout', 'false'],
]

/** Runs git anywhere; inside a repository use `GitRepository.git`. @throws GitFailure */
export async function runGit(directory: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const settings: [string, string][] = [
    ...(options.exact ? EXACT : []),
    ...(options.hooks === undefined ? [] : [['core.hooksPath', options.hooks] as [string, string]]),
  ]
  const environment = gitEnvironment(process.env, options.environment, settings)
  try {
    const { input, silence } = options
    const git = simpleGit({
      baseDir: directory,
      unsafe: LET_THROUGH,
      allowEnvironment: Object.keys(environment),
      // Output is complete on `close`; an ssh that stays behind as a shared connection must not be waited for, though.
      completion: { onClose: true, onExit: 1000 },
      // Without this a command that fails in silence would count as a success.
      errors: (error, result) =>
        error ?? (result.exitCode === 0 ? undefined : Buffer.from(`exit code ${result.exitCode}`)),
      ...(silence === undefined ? {} : { timeout: { block: silence } }),
      ...(input === undefined ? {} : { input: () => input }),
    })
    // simple-git waits 50 ms more after a command that printed nothing, although its output has ended: nothing is some output.
    git.outputHandler((_command, stdout) => stdout.once('end', () => stdout.emit('data', Buffer.alloc(0))))
    return await git.env(environment).raw([...args])
  } catch (error) {
    throw new GitFailure(messageOf(error), error)
  }
}

/**
 * The Git repository that `root` belongs to.
 * @throws Failure when git is not installed, `root` is in no repository, or the repository has no commit.
 */
export async function openRepository(root: string): Promise<GitRepository> {
  const absolute = existing(root)
  const git = (args: readonly string[], options: GitOptions = {}) =>
    runGit(options.directory ?? absolute, args, options)
  let answer: string
  try {
    answer = await git(['rev-parse', '--show-prefix', 'HEAD^{commit}'])
  } catch (error) {
    throw whyNotOpened(error, root)
  }
  const [prefix = ''] = answer.split('\n')
  return { root: absolute, prefix, git }
}

function existing(root: string): string {
  try {
    return realpathSync(root)
  } catch (error) {
    throw new Failure(`${root} does not exist`, { fix: 'Run the command in the repository.', cause: error })
  }
}

function whyNotOpened(error: unknown, root: string): Failure {
  const { message } = error as Error
  if (/ENOENT/.test(message)) {
    return new Failure('git is not installed, or not on the PATH', {
      fix: 'Install Git 2.31 or newer.',
      cause: error,
    })
  }
  if (/not a git repository/.test(message)) {
    return new Failure(`${root} is not in a Git repository`, {
      fix: 'Run the command in a clone of the repository, or start one with: git init.',
      cause: error,
    })
  }
  if (/unknown revision/.test(message)) {
    return new Failure(`${root} is a Git repository without a commit`, {
      fix: 'Commit what is there first: git add . && git commit.',
      cause: error,
    })
  }
  if (/dubious ownership/.test(message)) {
    return new Failure(`git refuses ${root}: it belongs to another user`, {
      fix: `If you trust it: git config --global --add safe.directory ${root}`,
      cause: error,
    })
  }
  return new Failure(`git cannot read ${root}: ${message}`, {
    fix: 'Run git status there and repair it.',
    cause: error,
  })
}
