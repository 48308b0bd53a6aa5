// `promote` killed at each of its steps: what is left is whole, and the next run completes it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as assert from 'uvu/assert'
import { runGit } from '../../generators/pull-request/testing/git-fixture.ts'
import type { ExampleClone } from '../../generators/testing/example-repository.ts'
import type { Case } from './case.ts'
import { type Hosted, withHostedExample } from './hosted.ts'

const MODEL = 'diabetes-progression'
const BRANCH = `promote/${MODEL}/production`
const RIVAL = `candidate/${MODEL}/production`
const PRELOAD = pathToFileURL(fileURLToPath(new URL('kill-at.mjs', import.meta.url))).href

/** Runs `modelyard promote` in a process of its own, with temporary files of its own. */
async function promoteIn(
  { clone, environment }: Hosted & { clone: ExampleClone },
  temporary: string,
  more: Record<string, string>,
) {
  const env = { TMPDIR: temporary, NODE_OPTIONS: `--import=${PRELOAD}`, ...environment, ...more }
  return await clone.modelyard(['promote', MODEL, '--from', 'staging', '--to', 'production'], env)
}

/** An open pull request that the promotion supersedes, and owners, so that every call of the forge is made. */
async function prepare({ clone, forge }: Hosted & { clone: ExampleClone }): Promise<void> {
  const { git } = clone.git
  clone.write('.github/CODEOWNERS', '* @grace\n')
  await git(['add', '.github'])
  await git(['commit', '--quiet', '--message', 'Owners'])
  await git(['push', '--quiet', 'origin', 'main', `main:refs/heads/${RIVAL}`])
  await forge.createPullRequest({ head: RIVAL, base: 'main', title: 'Widen it', body: '' })
}

/** All that a run leaves behind, which is the same whether it was the first or came after one that was killed. */
function stateOf({ endpoint, bare, clone }: Hosted & { clone: ExampleClone }, temporary: string) {
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
    user: [runGit(clone.root, 'status', '--porcelain'), runGit(clone.root, 'symbolic-ref', 'HEAD')],
    worktrees: runGit(clone.root, 'worktree', 'list').split('\n').length,
    temporary: readdirSync(temporary).filter((name) => /^modelyard-/.test(name)),
  }
}

/** The steps of a run from beginning to end, each once. */
let recorded: Promise<{ steps: string[]; state: object }> | undefined
function record(): Promise<{ steps: string[]; state: object }> {
  recorded ??= (async () => {
    let result: { steps: string[]; state: object } | undefined
    await withHostedExample(async (hosted) => {
      await inTemporary(async (temporary) => {
        await prepare(hosted)
        const log = join(temporary, 'steps')
        const { code, stderr } = await promoteIn(hosted, temporary, { MODELYARD_STEPS: log })
        assert.is(code, 0, stderr)
        result = {
          steps: [...new Set(readFileSync(log, 'utf8').trim().split('\n'))],
          state: stateOf(hosted, temporary),
        }
      })
    })
    return result ?? { steps: [], state: {} }
  })()
  return recorded
}

async function inTemporary(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'forge-tier-')))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Reading leaves nothing behind: of it only the beginning is a place to be killed at. */
const isRead = (step: string) =>
  /^after (GET|git (rev-parse|remote|log|show|ls-files|ls-tree|config|cat-file|rev-list))/.test(step)

export const crashes: Case[] = [
  [
    'killed at each step of promote: the next run completes, with one pull request and nothing left over',
    async () => {
      const { steps, state } = await record()
      for (const wanted of [
        'after git push',
        'after git worktree add',
        'after POST /api/v3/repos/example/models/pulls',
      ]) {
        assert.ok(steps.includes(wanted), `${wanted} is a step of\n${steps.join('\n')}`)
      }
      const wrong: string[] = []
      const points = steps.filter((step) => !isRead(step))
      for (const step of points) {
        await withHostedExample(async (hosted) => {
          await inTemporary(async (temporary) => {
            await prepare(hosted)
            const killed = await promoteIn(hosted, temporary, { MODELYARD_KILL_AT: step })
            if (killed.code === 0) wrong.push(`${step}: the run was not killed`)
            // Whatever reached the remote is whole.
            const fsck = spawnSync('git', ['fsck', '--strict', '--no-dangling'], { cwd: hosted.bare, encoding: 'utf8' })
            if (fsck.status !== 0) wrong.push(`${step}: ${fsck.stderr}`)
            const { code, stderr } = await promoteIn(hosted, temporary, {})
            if (code !== 0) {
              wrong.push(`${step}: the next run ended with ${code}: ${stderr}`)
              return
            }
            try {
              assert.equal(stateOf(hosted, temporary), state)
            } catch (error) {
              wrong.push(`${step}: ${(error as { details: string }).details}`)
            }
          })
        })
      }
      console.log(`      ${points.length} steps: ${points.join(', ')}`)
      assert.equal(wrong, [])
    },
  ],
]
