import { accessSync, constants, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Failure } from '../findings/index.ts'
import type { GitRepository } from './git.ts'
import { GitFailure, outputOf } from './git-failure.ts'

/** The hooks that can stop a commit or a push, in the order in which git runs them. */
const NAMES = ['pre-commit', 'commit-msg', 'pre-push'] as const

export type HookName = (typeof NAMES)[number]

/** The user's own hooks. Other git commands of Modelyard run none (`gitEnvironment`). */
export interface Hooks {
  /** Absolute path of the folder that holds them. */
  folder: string
  present: readonly HookName[]
  /** Folder whose node_modules a hook may need; scratch work trees have none of their own. */
  packagesRoot?: string
}

/** A hook said no. */
export class HookFailure extends Failure {
  constructor(hook: HookName, output: string, cause: unknown) {
    super(`the ${hook} hook of this repository says no:\n${output}`, {
      fix: 'Repair what the hook names, or run the command again with --no-verify, which runs no hook.',
      cause,
    })
    this.name = 'HookFailure'
  }
}

/**
 * The hooks that git would run in the user's work tree: those of `core.hooksPath`, which may be relative to the top of the work
 * tree, otherwise of the repository's own folder.
 */
export async function findHooks({ git }: GitRepository, packagesRoot?: string): Promise<Hooks> {
  const places = await git(['rev-parse', '--path-format=absolute', '--show-toplevel', '--git-common-dir'])
  const [top = '', common = ''] = places.split('\n')
  const settings = (await git(['config', '-z', '--type=path', '--get-all', 'core.hooksPath'])).split('\0').slice(0, -1)
  // The last is that of gitEnvironment; the user's counts here.
  const configured = settings.slice(0, -1).pop()
  const folder = configured === undefined ? join(common, 'hooks') : resolve(top, configured)
  const present = configured === '' ? [] : NAMES.filter((name) => isExecutable(join(folder, name)))
  return { folder, present, ...(packagesRoot !== undefined && { packagesRoot }) }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Lets the user's hooks see a commit before it is made: `pre-commit` what is in the index of a scratch work tree, `commit-msg` the message.
 * @returns the message, which `commit-msg` may change
 * @throws HookFailure when one says no, Failure when one changes what is to be committed
 */
export async function runCommitHooks(
  { git, prefix }: GitRepository,
  hooks: Hooks,
  { directory, message }: { directory: string; message: string },
): Promise<string> {
  const isThere = (name: HookName) => hooks.present.includes(name)
  if (!isThere('pre-commit') && !isThere('commit-msg')) return message
  const exact = { directory, exact: true }
  const top = (await git(['rev-parse', '--show-toplevel'], exact)).trim()
  await completeWorktree(git, top)
  const run = async (hook: HookName, args: string[] = []) => {
    try {
      await git(['hook', 'run', hook, ...args], { directory: top, exact: true, hooks: hooks.folder })
    } catch (error) {
      throw error instanceof GitFailure ? whyNotRun(hook, error) : error
    }
  }
  const unlink = linkPackages(join(top, prefix), hooks.packagesRoot)
  try {
    if (isThere('pre-commit')) {
      const before = await git(['write-tree'], exact)
      await run('pre-commit')
      const after = await git(['write-tree'], exact)
      if (after !== before) throw await changed(git, directory, [before.trim(), after.trim()])
    }
    if (!isThere('commit-msg')) return message
    const file = (await git(['rev-parse', '--path-format=absolute', '--git-path', 'COMMIT_EDITMSG'], exact)).trim()
    writeFileSync(file, message)
    await run('commit-msg', ['--', file])
    return readFileSync(file, 'utf8')
  } finally {
    unlink()
  }
}

/** A hook may read any file, and only some were checked out; what was deleted on purpose is not in the index any more. */
async function completeWorktree(git: GitRepository['git'], top: string): Promise<void> {
  const exact = { directory: top, exact: true }
  const missing = await git(['ls-files', '--deleted', '-z'], exact)
  if (missing !== '') await git(['checkout-index', '-z', '--stdin'], { ...exact, input: missing })
  await git(['update-index', '-q', '--refresh'], exact)
}

/** Makes the packages of the user's folder those of the scratch work tree. @returns what undoes it */
function linkPackages(directory: string, packagesRoot: string | undefined): () => void {
  const link = join(directory, 'node_modules')
  const packages = packagesRoot === undefined ? undefined : join(packagesRoot, 'node_modules')
  if (packages === undefined || !existsSync(packages) || existsSync(link)) return () => undefined
  symlinkSync(packages, link, 'junction')
  return () => rmSync(link, { force: true })
}

/** What was checked is what is proposed: a hook may look at it, not exchange it. */
async function changed(git: GitRepository['git'], directory: string, trees: string[]): Promise<Failure> {
  const files = (await git(['diff-tree', '-r', '-z', '--name-only', ...trees], { directory })).split('\0').slice(0, -1)
  const more = files.length > 5 ? ` and ${files.length - 5} more` : ''
  return new Failure(
    `the pre-commit hook of this repository changed what is to be committed: ${files.slice(0, 5).join(', ')}${more}`,
    {
      fix: 'The change was checked before the hook ran, so it was not committed. Let the hook leave these files alone, or run the command again with --no-verify.',
    },
  )
}

function whyNotRun(hook: HookName, error: GitFailure): Failure {
  if (!/'hook' is not a git command/.test(error.message)) return new HookFailure(hook, outputOf(error), error)
  return new Failure(`the ${hook} hook of this repository cannot be run: this git has no "git hook run"`, {
    fix: 'Install Git 2.36 or newer, or run the command again with --no-verify, which runs no hook.',
    cause: error,
  })
}
