import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
/** Milliseconds: an attack that takes longer has succeeded. */
const LIMIT = 120_000
/** What a runner has, and nothing of a pull request may see. */
export const TOKEN = 'ghs_attack0123456789'

export interface Result {
  code: number
  /** Standard output and standard error. */
  text: string
}

/** A Git repository with the example in it, on a branch beside `main`. */
export interface Scratch {
  root: string
  read(file: string): string
  write(file: string, text: string): void
  edit(file: string, from: string, to: string): void
  git(...args: string[]): string
  /** Commits everything to `main`, so that it is what the branch started from. */
  commitToMain(): void
  run(...args: string[]): Result
  /** Everything as it was. */
  reset(): void
  remove(): void
}

export function createScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-attack-'))
  const root = join(folder, 'repository')
  for (const name of ['models', 'environments', 'dist']) {
    cpSync(join(REPOSITORY, name), join(root, name), {
      recursive: true,
      filter: (path) => !/\/_?train(ing)?$/.test(path),
    })
  }
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, env: environment, encoding: 'utf8' })
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'The example')
  git('checkout', '--quiet', '-b', 'attack')
  const start = git('rev-parse', 'HEAD').trim()
  return {
    root,
    read,
    write,
    git,
    edit(file, from, to) {
      const text = read(file)
      if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`)
      write(
        file,
        text.replace(from, () => to),
      )
    },
    commitToMain() {
      git('add', '--all')
      git('commit', '--quiet', '--message', 'What main has')
      git('branch', '--force', 'main')
    },
    run(...args) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(REPOSITORY, 'lib/cli/main.js'), ...args, '--root', root],
        {
          cwd: root,
          env: { ...environment, GITHUB_TOKEN: TOKEN, CI: 'true', GITHUB_ACTIONS: 'true' },
          encoding: 'utf8',
          timeout: LIMIT,
          maxBuffer: 2 ** 28,
        },
      )
      return { code: status ?? -1, text: `${stdout}${stderr}` }
    },
    reset() {
      git('reset', '--quiet', '--hard', start)
      git('branch', '--force', 'main', start)
      git('clean', '--quiet', '-dffx')
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
