// The scripts of the promotion workflows as a runner would start them: the job without a secret plans, the job with the token publishes.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { startEmbeddedForge } from '../../generators/forges/index.ts'
import { createScratchRepository } from '../../generators/git/index.ts'
import { type Case, runCases } from '../forge/case.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const TOKEN = 'ghs_workflow0123456789'
const MODEL = 'diabetes-progression'

interface Step {
  id?: string
  run?: string
}

/** The script of a job that plans or publishes. */
function scriptOf(workflow: string, job: 'plan' | 'publish'): string {
  const { jobs } = parse(readFileSync(join(REPOSITORY, '.github/workflows', workflow), 'utf8')) as {
    jobs: Record<string, { steps: Step[] }>
  }
  const steps = jobs[job]?.steps ?? []
  const script = (job === 'plan' ? steps.find(({ id }) => id === 'plan') : steps.at(-1))?.run
  if (script === undefined) throw new Error(`${workflow} has no script for ${job}`)
  return script
}

interface Runner {
  root: string
  /** Where artifacts of the workflow land. */
  temporary: string
  url: string
  pulls: readonly { head: string; base: string }[]
  run(
    script: string,
    environment: Record<string, string>,
  ): Promise<{ code: number; text: string; outputs: Record<string, string> }>
}

async function withRunner(test: (runner: Runner) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-workflow-'))
  const root = join(folder, 'repository')
  const temporary = join(folder, 'temporary')
  const forge = await startEmbeddedForge()
  try {
    mkdirSync(temporary)
    for (const file of execFileSync('git', ['ls-files', '-z'], { cwd: REPOSITORY, encoding: 'utf8' }).split('\0')) {
      if (file === '' || /^(bench|docs|e2e|python)\//.test(file)) continue
      mkdirSync(dirname(join(root, file)), { recursive: true })
      cpSync(join(REPOSITORY, file), join(root, file))
    }
    const origin = join(folder, 'origin.git')
    await createScratchRepository(root, origin)
    symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'))
    const run: Runner['run'] = async (script, environment) => {
      const outputs = join(temporary, 'outputs')
      writeFileSync(outputs, '')
      const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
        cwd: root,
        timeout: 300_000,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_CONFIG_GLOBAL: '/dev/null',
          GITHUB_OUTPUT: outputs,
          RUNNER_TEMP: temporary,
          ...environment,
        },
      })
      let text = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
      const [code] = (await once(child, 'close')) as [number | null]
      const said = Object.fromEntries(
        readFileSync(outputs, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
      )
      return { code: code ?? 1, text, outputs: said }
    }
    await test({ root, temporary, url: forge.url, pulls: forge.pullRequests, run })
  } finally {
    await forge.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the job with the token has beside the outputs of the other. */
function withToken({ url }: Runner): Record<string, string> {
  return {
    GITHUB_TOKEN: TOKEN,
    GITHUB_API_URL: url,
    GITHUB_REPOSITORY: 'example/models',
    GIT_AUTHOR_NAME: 'ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'modelyard[bot]',
    GIT_COMMITTER_EMAIL: 'modelyard@example.com',
  }
}

const BY_HAND = { MODELS: MODEL, FROM: 'staging', TO: 'production', CANDIDATE: 'no', WEIGHT: '' }

const cases: Case[] = [
  [
    'promote: the plan needs no token, and publishing it opens the pull request; a plan that was changed between opens none',
    () =>
      withRunner(async (runner) => {
        const { root, temporary, pulls, run } = runner
        const planned = await run(scriptOf('promote.yml', 'plan'), BY_HAND)
        assert.is(planned.code, 0, planned.text)
        assert.match(planned.outputs['digest'] ?? '', /^sha256:[0-9a-f]{64}$/)
        assert.equal(pulls, [])

        mkdirSync(join(temporary, 'plan'))
        const plan = join(temporary, 'plan/plan.json')
        const text = readFileSync(join(root, 'plan.json'), 'utf8')
        const publish = () =>
          run(scriptOf('promote.yml', 'publish'), {
            ...withToken(runner),
            DIGEST: planned.outputs['digest'] ?? '',
            TO: BY_HAND.TO,
          })
        writeFileSync(plan, text.replace('Promote', 'promote'))
        const changed = await publish()
        assert.equal([changed.code, pulls.length], [2, 0], changed.text)
        assert.match(changed.text, /has digest sha256:\w+, expected sha256/)

        writeFileSync(plan, text)
        const published = await publish()
        assert.is(published.code, 0, published.text)
        assert.equal(
          pulls.map(({ head, base }) => [head, base]),
          [[`promote/${MODEL}/production`, 'main']],
        )
        assert.not.match(planned.text + published.text, TOKEN)
      }),
  ],
  [
    'promote: a model that is refused publishes nothing, and the job fails',
    () =>
      withRunner(async ({ root, run }) => {
        const planned = await run(scriptOf('promote.yml', 'plan'), { ...BY_HAND, MODELS: 'no-such-model' })
        assert.equal([planned.code, planned.outputs], [2, {}], planned.text)
        assert.is(existsSync(join(root, 'plan.json')), false)
      }),
  ],
  [
    'automatic promotion: a plan for each step, and each is published for its environment alone',
    () =>
      withRunner(async (runner) => {
        const { root, temporary, pulls, run } = runner
        const steps = 'development:staging staging:production'
        const planned = await run(scriptOf('automatic-promotion.yml', 'plan'), { ALLOWED: steps })
        assert.is(planned.code, 0, planned.text)
        const digests = planned.outputs['digests'] ?? ''
        assert.match(digests, /^0:staging:sha256:\w{64} 1:production:sha256:\w{64}$/)
        cpSync(join(root, 'plans'), join(temporary, 'plans'), { recursive: true })
        const publish = (environment: Record<string, string>) =>
          run(scriptOf('automatic-promotion.yml', 'publish'), { ...withToken(runner), ...environment })
        const [, production = ''] = digests.split(' ')
        const elsewhere = await publish({ DIGESTS: production.replace(':production:', ':staging:') })
        assert.equal([elsewhere.code, pulls.length], [1, 0], elsewhere.text)
        assert.match(elsewhere.text, /is planned for production, and not staging/)
        const published = await publish({ DIGESTS: digests })
        assert.is(published.code, 0, published.text)
        assert.ok(pulls.some(({ head }) => head === `promote/${MODEL}/production`))
        assert.ok(pulls.every(({ head, base }) => head.startsWith('promote/') && base === 'main'))
      }),
  ],
]

await runCases(cases, new RegExp(process.argv[2] ?? ''))
