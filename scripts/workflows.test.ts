import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'

const FOLDER = new URL('../.github/workflows/', import.meta.url)
/** GitHub hands the secrets of these to the branches and tags alone that their rules name. */
const ENVIRONMENTS = ['promotion', 'automatic-promotion', 'release']

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
  env?: Record<string, string>
}
interface Job {
  if?: string
  needs?: string
  environment?: string
  permissions?: Record<string, string>
  steps: Step[]
}
interface Workflow {
  on: Record<string, unknown>
  permissions: Record<string, string>
  jobs: Record<string, Job>
}

const workflows = readdirSync(FOLDER).map((file): [string, Workflow] => {
  return [file, parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Workflow]
})
const jobs = workflows.flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${file} ${name}`, job, workflow })),
)

const hasSecret = (value: unknown) => /secrets\./.test(JSON.stringify(value))
const hasRights = ({ job, workflow }: (typeof jobs)[number]) =>
  hasSecret(job) || Object.values({ ...workflow.permissions, ...job.permissions }).some((right) => right === 'write')

test('a job with a secret runs in an environment, and by hand or on a schedule for main only', () => {
  const secret = jobs.filter(({ job }) => hasSecret(job))
  assert.equal(secret.map(({ name }) => name).sort(), ['automatic-promotion.yml publish', 'promote.yml publish'])
  for (const { name, job } of secret) {
    assert.ok(ENVIRONMENTS.includes(job.environment ?? ''), name)
    assert.match(job.if ?? '', "github.ref == 'refs/heads/main'", name)
  }
})

test('a job with rights that a person can start from any branch says which branch, or runs in an environment', () => {
  for (const one of jobs.filter(hasRights)) {
    const byHand = 'workflow_dispatch' in one.workflow.on
    assert.ok(!byHand || /github\.ref == 'refs\/heads\/main'/.test(one.job.if ?? ''), one.name)
    // Started by a push of a branch or a tag, an environment says of which.
    if ('push' in one.workflow.on) assert.ok(ENVIRONMENTS.includes(one.job.environment ?? ''), one.name)
  }
})

test('no install script runs, and no job with rights restores a cache', () => {
  for (const one of jobs) {
    for (const { run = '', with: given = {} } of one.job.steps) {
      assert.not.match(run, /npm (ci|install|i)\b(?!.*--ignore-scripts)/, one.name)
      if (hasRights(one)) assert.is(given['cache'], undefined, one.name)
    }
  }
})

test('a token is made after everything is installed, and only the last step has it', () => {
  for (const { name, job } of jobs.filter(({ job: { steps } }) => hasSecret(steps))) {
    const minted = job.steps.findIndex(hasSecret)
    assert.is(minted, job.steps.length - 2, name)
    assert.match(job.steps.at(-1)?.env?.['GITHUB_TOKEN'] ?? '', 'steps.token.outputs.token', name)
  }
})

test('a job with rights evaluates no definition: it publishes a plan that a job without them made, by its digest', () => {
  for (const one of jobs) {
    const commands = one.job.steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/modelyard -- (\w+)/g)].map(([, verb]) => verb),
    )
    if (commands.length === 0) continue
    if (!hasRights(one)) {
      assert.not.ok(commands.includes('publish'), one.name)
      assert.is(one.job.environment, undefined, one.name)
      continue
    }
    assert.equal([...new Set(commands)], ['publish'], one.name)
    const [digest = ''] = Object.values(one.job.steps.at(-1)?.env ?? {}).filter((value) => value.includes('needs.'))
    assert.match(digest, /needs\.plan\.outputs\.digests?/, one.name)
    assert.match(one.job.steps.at(-1)?.run ?? '', /--digest "\$\w+" --env "\$\w+"/, one.name)
    const [, plan] = Object.entries(one.workflow.jobs).find(([name]) => name === one.job.needs) ?? []
    assert.equal([plan?.permissions, plan?.environment, hasSecret(plan)], [{ contents: 'read' }, undefined, false])
  }
})

test('a job that may comment on a pull request checks out nothing of it', () => {
  for (const { name, job } of jobs.filter(({ job: one }) => one.permissions?.['pull-requests'] === 'write')) {
    for (const { uses = '', with: given = {} } of job.steps.filter((step) => step.uses?.includes('checkout'))) {
      assert.equal(
        [given['ref'], given['repository'], given['persist-credentials']],
        [undefined, undefined, false],
        uses,
      )
    }
    assert.not.ok(
      job.steps.some(({ run = '' }) => /npm|npx/.test(run)),
      name,
    )
  }
})

test.run()
