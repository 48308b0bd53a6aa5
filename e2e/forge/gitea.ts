// The same client against a Gitea that we did not write: its REST API and its Git over HTTP, by a token with few rights.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { createGitHubForge, type Forge } from '../../generators/forges/index.ts'
import { promote } from '../../generators/promotion/index.ts'
import { withExampleClone } from '../../generators/testing/example-repository.ts'
import type { Case } from './case.ts'

const PROGRAM = process.env['MODELYARD_GITEA'] ?? ''
/** Templates and options, which the program reads beside itself: its module's folder. */
const STATIC = process.env['MODELYARD_GITEA_STATIC'] ?? ''

interface Gitea {
  url: string
  /** A call of Gitea's own API, as the owner or as somebody else. */
  call(method: string, path: string, body?: object): Promise<unknown>
  token: string
}

async function withGitea(test: (gitea: Gitea) => Promise<void>): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'modelyard-gitea-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const config = join(work, 'app.ini')
  mkdirSync(join(work, 'home'))
  writeFileSync(
    config,
    [
      `RUN_USER = ${userInfo().username}`,
      'I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true',
      '[server]',
      'HTTP_ADDR = 127.0.0.1',
      `HTTP_PORT = ${port}`,
      `ROOT_URL = ${url}/`,
      `STATIC_ROOT_PATH = ${STATIC}`,
      'DISABLE_SSH = true',
      'OFFLINE_MODE = true',
      '[database]',
      'DB_TYPE = sqlite3',
      `PATH = ${join(work, 'gitea.db')}`,
      '[repository]',
      `ROOT = ${join(work, 'repositories')}`,
      '[security]',
      'INSTALL_LOCK = true',
      '[log]',
      'LEVEL = Warn',
      '',
    ].join('\n'),
  )
  const env = { PATH: process.env['PATH'], HOME: join(work, 'home'), GITEA_WORK_DIR: work }
  const gitea = (...args: string[]) =>
    execFileSync(PROGRAM, ['--config', config, ...args], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  gitea('migrate')
  const user = (name: string) =>
    gitea(
      'admin',
      'user',
      'create',
      '--username',
      name,
      '--email',
      `${name}@example.com`,
      '--random-password',
      '--must-change-password=false',
    )
  const tokenOf = (name: string, scopes: string) => {
    const args = ['--username', name, '--token-name', 'test', '--scopes', scopes, '--raw']
    // Warnings of the program stand on standard output too.
    return /^[0-9a-f]{40}$/m.exec(gitea('admin', 'user', 'generate-access-token', ...args))?.[0] ?? ''
  }
  user('example')
  user('grace')
  const all = tokenOf('example', 'all')
  const server = spawn(PROGRAM, ['--config', config, 'web'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const call = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `token ${all}`, 'content-type': 'application/json' }
    const answer = await fetch(`${url}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    const text = await answer.text()
    return text === '' ? undefined : JSON.parse(text)
  }
  try {
    await until('Gitea', () => {
      if (server.exitCode !== null) throw new Error(`Gitea ended with ${server.exitCode}`)
      return fetch(`${url}/api/v1/version`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
    await test({ url, call, token: all })
  } finally {
    const ended = new Promise((resolve) => server.once('close', resolve))
    server.kill('SIGTERM')
    await ended
    rmSync(work, { recursive: true, force: true })
  }
}

/** Waits up to 30 seconds for what a program does in its own time. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited 30 seconds in vain for ${what}`)
    await sleep(100)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

const REPOSITORY = '/repos/example/models'

export const gitea: Case[] = [
  [
    'Gitea: a promotion is pushed and opened, labelled, reviewed and checked; again it changes nothing; superseded, closed, merged',
    () =>
      withGitea(async ({ url, call, token }) => {
        await call('POST', '/user/repos', { name: 'models', default_branch: 'main', auto_init: false })
        await call('PUT', `${REPOSITORY}/collaborators/grace`, { permission: 'write' })
        for (const name of ['promotion', 'production', 'rollback'])
          await call('POST', `${REPOSITORY}/labels`, { name, color: '#00aabb' })
        const environment = { GITHUB_TOKEN: token, GITHUB_SERVER_URL: url, GITHUB_API_URL: `${url}/api/v1` }
        Object.assign(process.env, environment)
        try {
          await withExampleClone(async (clone) => {
            const { git } = clone.git
            await git(['remote', 'set-url', 'origin', `${url}/example/models.git`])
            clone.write('.github/CODEOWNERS', '/environments/production/ @grace @example\n')
            await git(['add', '.github'])
            await git(['commit', '--quiet', '--message', 'Owners'])
            await git(['push', '--quiet', 'origin', 'main'])
            // A push is worked off in the background; until then an empty repository has no pull requests, which is a 404.
            await until('the push', async () => !((await call('GET', REPOSITORY)) as { empty: boolean }).empty)
            const forge = createGitHubForge({
              repository: { host: 'gitea', owner: 'example', repo: 'models' },
              environment,
            })
            await promoteThrough(forge, clone.root, call)
          })
        } finally {
          for (const name of Object.keys(environment)) delete process.env[name]
        }
      }),
  ],
]

interface GiteaPullRequest {
  number: number
  state: string
  title: string
  merged: boolean
  mergeable: boolean
  labels: { name: string }[]
  requested_reviewers: { login: string }[] | null
  head: { ref: string; sha: string }
}

async function promoteThrough(forge: Forge, root: string, call: Gitea['call']): Promise<void> {
  const options = { root, remote: 'origin', baseBranch: 'main', push: true, dryRun: false, offline: true, forge }
  const request = { model: 'diabetes-progression', from: 'staging', to: 'production' }
  const pulls = async () => (await call('GET', `${REPOSITORY}/pulls?state=all`)) as GiteaPullRequest[]

  const former = 'candidate/diabetes-progression/production'
  const first = await promote(request, options)
  assert.equal([first?.problems, first?.published?.pullRequest?.action], [[], 'created'])
  const [opened] = await pulls()
  assert.equal(opened?.labels.map(({ name }) => name).sort(), ['production', 'promotion'])
  assert.equal(
    opened?.requested_reviewers?.map(({ login }) => login),
    ['grace'],
  )
  const status = (await call('GET', `${REPOSITORY}/commits/${opened?.head.sha}/status`)) as {
    statuses: { context: string; status: string }[]
  }
  // Gitea has its own of each job of each workflow of the repository, `<workflow> / <job> (<event>)`, which nobody runs here.
  const ours = status.statuses.filter(({ context }) => !context.includes(' / '))
  assert.equal(
    ours.map(({ context, status: state }) => [context, state]),
    [['modelyard', 'success']],
  )

  const again = await promote(request, options)
  // The text is written again where a latency came out otherwise.
  assert.equal([again?.published?.pushed, again?.published?.pullRequest?.number], [false, 1])
  assert.is((await pulls()).length, 1)

  // A candidate of the same model whose pull request is open gives way.
  await call('POST', `${REPOSITORY}/branches`, { new_branch_name: former, old_branch_name: 'main' })
  await call('POST', `${REPOSITORY}/contents/note.txt`, { branch: former, content: 'eA==', message: 'x' })
  await call('POST', `${REPOSITORY}/pulls`, { head: former, base: 'main', title: 'Widen' })
  const third = await promote(request, options)
  assert.equal(third?.published?.superseded, [2])
  const states = Object.fromEntries((await pulls()).map(({ number, state }) => [number, state]))
  assert.equal(states, { 1: 'open', 2: 'closed' })
  const comments = (await call('GET', `${REPOSITORY}/issues/2/comments`)) as { body: string }[]
  assert.match(comments[0]?.body ?? '', /^Superseded by #1: Promote diabetes-progression/)

  await until('a mergeable pull request', async () => {
    return ((await call('GET', `${REPOSITORY}/pulls/1`)) as GiteaPullRequest).mergeable
  })
  await call('POST', `${REPOSITORY}/pulls/1/merge`, { Do: 'merge' })
  assert.is(await promote(request, options), undefined)
}
