// `promote` killed at each of its steps: what is left is whole, and the next run completes it.
import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { runGit } from '../../generators/git/testing/git-fixture.ts'
import { paths } from '../../generators/repository/index.ts'
import { createManyModels, manyModelName } from '../../generators/testing/many-models.ts'
import type { Case } from './case.ts'
import { type Hosted, host } from './hosted.ts'

const MODEL = manyModelName(0)
const BRANCH = `promote/${MODEL}/production`
const RIVAL = `candidate/${MODEL}/production`
const PRELOAD = new URL('kill-at.mjs', import.meta.url).href
/** The command as it is published: `run.sh` builds it. */
const COMMAND = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url))

interface Setting extends Hosted {
  root: string
  /** The temporary folder of the runs. */
  temporary: string
}

/** A repository of two models, freshly hosted. */
async function withSetting(test: (setting: Setting) => Promise<void>): Promise<void> {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'forge-tier-')))
  try {
    const { git, remote } = await template()
    cpSync(dirname(git.root), top, { recursive: true })
    const root = join(top, 'repository')
    const temporary = join(top, 'temporary')
    mkdirSync(temporary)
    await host(root, join(top, basename(remote)), (hosted) => test({ ...hosted, root, temporary }))
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}

let made: ReturnType<typeof createManyModels> | undefined
function template(): ReturnType<typeof createManyModels> {
  if (made) return made
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'forge-tier-')))
  process.once('exit', () => rmSync(top, { recursive: true, force: true }))
  made = createManyModels(top, 2)
  return made
}

/** Runs `modelyard promote` in a process of its own, with temporary files of its own. */
async function promoteIn({ root, environment, temporary }: Setting, more: Record<string, string> = {}) {
  const args = [COMMAND, 'promote', MODEL, '--from', 'staging', '--to', 'production']
  const env = { ...process.env, TMPDIR: temporary, NODE_OPTIONS: `--import=${PRELOAD}`, ...environment, ...more }
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}

/** An open pull request that the promotion supersedes, and owners, so that every call of the forge is made. */
async function prepare({ root, bare, forge }: Setting): Promise<void> {
  writeFileSync(join(root, 'CODEOWNERS'), '* @grace\n')
  runGit(root, 'add', 'CODEOWNERS')
  runGit(root, 'commit', '--quiet', '--message', 'Owners')
  runGit(root, 'push', '--quiet', bare, 'main', `main:refs/heads/${RIVAL}`)
  await forge.createPullRequest({ head: RIVAL, base: 'main', title: 'Widen it', body: '' })
}

/** All that a run leaves behind, which is the same whether it was the first or came after one that was killed. */
function stateOf({ endpoint, bare, root, temporary }: Setting) {
  const { pullRequests, checks } = endpoint.forge
  const head = runGit(bare, 'rev-parse', BRANCH)
  return {
    branches: runGit(bare, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n'),
    tree: runGit(bare, 'rev-parse', `${BRANCH}^{tree}`),
    onBase: runGit(bare, 'rev-parse', `${BRANCH}^`) === runGit(bare, 'rev-parse', 'main'),
    pulls: pullRequests.map(({ title, head, base, state, labels, reviewers, comments }) => ({
      ...{ title, head, base, state, labels, reviewers, comments },
    })),
    checks: checks.map(({ commit, conclusion }) => [commit === head, conclusion]),
    user: [runGit(root, 'status', '--porcelain'), runGit(root, 'symbolic-ref', 'HEAD')],
    worktrees: runGit(root, 'worktree', 'list').split('\n').length,
    temporary: readdirSync(temporary).filter((name) => existsSync(join(temporary, name, '.git'))),
  }
}

/** Reading leaves nothing behind: of it only the beginning is a place to be killed at. */
const isRead = (step: string) =>
  /^after (GET|git (rev-parse|remote|log|show|ls-files|ls-tree|config|cat-file|rev-list|fetch))/.test(step)

/** What is wrong after a run that was killed at this step and one that came after it. */
async function killedAt(step: string, whole: object): Promise<string[]> {
  const wrong: string[] = []
  await withSetting(async (setting) => {
    await prepare(setting)
    const killed = await promoteIn(setting, { MODELYARD_KILL_AT: step })
    if (killed.code === 0) wrong.push(`${step}: the run was not killed`)
    // Whatever reached the remote is whole.
    const fsck = spawnSync('git', ['fsck', '--strict', '--no-dangling'], { cwd: setting.bare, encoding: 'utf8' })
    if (fsck.status !== 0) wrong.push(`${step}: ${fsck.stderr}`)
    const { code, stderr } = await promoteIn(setting)
    if (code !== 0) {
      wrong.push(`${step}: the next run ended with ${code}: ${stderr}`)
      return
    }
    try {
      assert.equal(stateOf(setting), whole)
    } catch (error) {
      wrong.push(`${step}: ${(error as { details: string }).details}`)
    }
  })
  return wrong
}

export const crashes: Case[] = [
  [
    'killed at each step of promote: the next run completes, with one pull request and nothing left over',
    async () => {
      let steps: string[] = []
      let whole: object = {}
      await withSetting(async (setting) => {
        await prepare(setting)
        const log = join(setting.temporary, 'steps')
        const { code, stderr } = await promoteIn(setting, { MODELYARD_STEPS: log })
        assert.is(code, 0, stderr)
        steps = [...new Set(readFileSync(log, 'utf8').trim().split('\n'))].filter((step) => !isRead(step))
        whole = stateOf(setting)
      })
      for (const wanted of [
        'after git push',
        'after git worktree add',
        /^after rename .*pins/,
        /^after POST .*\/pulls$/,
      ]) {
        assert.ok(
          steps.some((step) => (typeof wanted === 'string' ? step === wanted : wanted.test(step))),
          `${wanted} is a step of\n${steps.join('\n')}`,
        )
      }
      // A second argument of the tier takes the steps that match. Two lanes, which share what is left.
      const left = steps.filter((name) => new RegExp(process.argv[3] ?? '').test(name)).values()
      const lane = async () => {
        const wrong: string[] = []
        for (const step of left) {
          const problems = await killedAt(step, whole)
          console.log(`      ${step}${problems.length > 0 ? `  WRONG ${problems.join('\n')}` : ''}`)
          wrong.push(...problems)
        }
        return wrong
      }
      assert.equal((await Promise.all([lane(), lane()])).flat(), [])
    },
  ],
  [
    'two promotions of one model at once, from one clone: one pull request, complete, whichever came first',
    () =>
      withSetting(async (setting) => {
        await prepare(setting)
        const runs = await Promise.all([promoteIn(setting), promoteIn(setting)])
        // One that met the other in the middle says so and changes nothing.
        assert.ok(
          runs.some(({ code }) => code === 0),
          runs.map(({ stderr }) => stderr).join('\n'),
        )
        for (const { code, stderr } of runs) {
          assert.ok(code === 0 || code === 2, stderr)
          assert.not.match(stderr, 'This is a bug')
        }
        const open = setting.endpoint.forge.pullRequests.filter(({ state }) => state === 'open')
        assert.is(open.length, 1)
        assert.is((await promoteIn(setting)).code, 0)
        assert.equal(
          setting.endpoint.forge.pullRequests.map(({ head, state }) => [head, state]),
          [
            [RIVAL, 'closed'],
            [BRANCH, 'open'],
          ],
        )
        assert.is(runGit(setting.root, 'worktree', 'list').split('\n').length, 1)
      }),
  ],
  [
    'a detached head, a dirty tree and commits that were never pushed: promoted from the remote, said, and left as they are',
    () =>
      withSetting(async (setting) => {
        await prepare(setting)
        const { root } = setting
        runGit(root, 'commit', '--quiet', '--allow-empty', '--message', 'Never pushed')
        runGit(root, 'checkout', '--quiet', '--detach', 'HEAD~1')
        writeFileSync(join(root, paths.pin('production', MODEL)), 'half a thought')
        writeFileSync(join(root, 'notes.txt'), 'mine')
        runGit(root, 'add', 'notes.txt')
        const state = () => [runGit(root, 'status', '--porcelain'), runGit(root, 'rev-parse', 'HEAD', 'main')]
        const before = state()
        const { code, stdout, stderr } = await promoteIn(setting)
        assert.is(code, 0, stderr)
        assert.match(stdout, '1 of your commits on main are not on origin: they are not part of this')
        assert.equal(state(), before)
        assert.is(runGit(setting.bare, 'log', '-1', '--format=%s', `${BRANCH}^`), 'Owners')
      }),
  ],
  [
    'the token is in no list of processes, no output, no file of the clone and no address',
    () =>
      withSetting(async (setting) => {
        await prepare(setting)
        const { GITHUB_TOKEN = '' } = setting.environment
        const secrets = [GITHUB_TOKEN, Buffer.from(`x-access-token:${GITHUB_TOKEN}`).toString('base64')]
        const holds = (text: string) => secrets.some((secret) => text.includes(secret))
        const commands = new Set<string>()
        const watch = setInterval(() => {
          for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
            try {
              commands.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
            } catch {
              // Ended meanwhile.
            }
          }
        }, 2)
        const runs = [await promoteIn(setting), await promoteIn(setting, { GIT_TRACE: '1', GIT_CURL_VERBOSE: '1' })]
        clearInterval(watch)
        assert.ok(
          [...commands].some((command) => /git push .*promote\//.test(command)),
          'the push was seen',
        )
        assert.equal([...commands].filter(holds), [])
        for (const { code, stdout, stderr } of runs) {
          assert.is(code, 0, stderr)
          assert.not.ok(holds(stderr + stdout))
        }
        const git = join(setting.root, '.git')
        const files = readdirSync(git, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
        assert.equal(
          files
            .filter((entry) => holds(readFileSync(join(entry.parentPath, entry.name), 'latin1')))
            .map(({ name }) => name),
          [],
        )
        assert.equal(
          setting.endpoint.forge.pullRequests.filter(({ body }) => holds(body)),
          [],
        )
      }),
  ],
]
