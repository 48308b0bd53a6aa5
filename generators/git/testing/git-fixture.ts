import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type GitRepository, openRepository } from '../git.ts'

/** A clone with one commit on `main`, and the bare repository that is its `origin`. */
export interface GitFixture {
  repository: GitRepository
  root: string
  remote: string
  /** Runs git in the clone, as a person would. */
  git(...args: string[]): string
  write(file: string, text: string): void
  /** Writes, adds and commits; gives the commit. */
  commit(file: string, text: string, message: string): string
}

/** The tests' own identity and no configuration of the machine that they run on. */
export function isolateGit(): void {
  Object.assign(process.env, {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  })
  delete process.env['GITHUB_TOKEN']
  delete process.env['GH_TOKEN']
}

export const runGit = (directory: string, ...args: string[]) => runGitWithInput(directory, '', ...args)

/** The same with text on standard input. */
export const runGitWithInput = (directory: string, input: string, ...args: string[]) =>
  execFileSync('git', args, { cwd: directory, input, encoding: 'utf8', stdio: 'pipe' }).trim()

/** Calls `test` with a fresh fixture and removes it afterwards. */
export async function withGit(test: (fixture: GitFixture) => Promise<void>): Promise<void> {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'pull-request-test-')))
  const root = join(top, 'clone')
  const remote = join(top, 'origin.git')
  try {
    runGit(top, 'init', '--quiet', '--bare', '--initial-branch=main', remote)
    runGit(top, 'init', '--quiet', '--initial-branch=main', root)
    const git = (...args: string[]) => runGit(root, ...args)
    const write = (file: string, text: string) => {
      mkdirSync(dirname(join(root, file)), { recursive: true })
      writeFileSync(join(root, file), text)
    }
    const commit = (file: string, text: string, message: string) => {
      write(file, text)
      git('add', '--all')
      git('commit', '--quiet', '--message', message)
      return git('rev-parse', 'HEAD')
    }
    commit('pin.yaml', 'stable: 1.0.0\n', 'Start')
    git('remote', 'add', 'origin', remote)
    git('push', '--quiet', 'origin', 'main')
    await test({ repository: await openRepository(root), root, remote, git, write, commit })
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}

/** The failure that `call` ends with. */
export async function failureOf(call: () => Promise<unknown>): Promise<Error & { fix?: string }> {
  try {
    await call()
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a failure, and there was none')
}

/** Makes a hook of these lines of shell. */
export function writeHook(folder: string, name: string, ...lines: string[]): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), ['#!/bin/sh', ...lines, ''].join('\n'))
  chmodSync(join(folder, name), 0o755)
}
