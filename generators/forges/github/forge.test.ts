import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failureOf } from '../../git/testing/git-fixture.ts'
import { createGitHubForge } from './forge.ts'

const TOKEN = 'ghp_thetokenthatnobodymaysee'
const repository = { host: 'github.com', owner: 'example', repo: 'models' }
const request = { head: 'promote/x/y', base: 'main', title: 'Promote x', body: 'Because.' }
const clientOf = (url: string) =>
  createGitHubForge({
    repository,
    environment: { GITHUB_TOKEN: TOKEN, GITHUB_API_URL: url },
    wait: async () => {},
  })

interface Answer {
  status: number
  headers?: Record<string, string>
  body: unknown
}

/** A server that gives the answers in turn, the last one again and again, and notes what it was asked. */
async function answering(answers: Answer[], test: (url: string) => Promise<void>, seen: string[] = []): Promise<void> {
  const server = createServer((asked, response) => {
    seen.push(`${asked.method} ${asked.url?.split('?')[0]}`)
    const { status, headers, body } = (answers.length > 1 ? answers.shift() : answers[0]) as Answer
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const validation = {
  message: 'Validation Failed',
  errors: [{ resource: 'PullRequest', field: 'base', code: 'invalid' }],
}

const cases: [name: string, answer: Answer, message: RegExp, fix: RegExp][] = [
  [
    '401',
    { status: 401, body: { message: `Bad credentials ${TOKEN}` } },
    /does not accept the token \(401\)/,
    /GITHUB_TOKEN/,
  ],
  [
    '403 without the permission',
    { status: 403, body: { message: 'Resource not accessible by integration' } },
    /does not let this token open the pull request \(403\): Resource not accessible/,
    /pull requests: write/,
  ],
  [
    '403 for single sign-on',
    { status: 403, headers: { 'x-github-sso': 'required' }, body: { message: 'SAML' } },
    /\(403\)/,
    /single sign-on/,
  ],
  [
    '403 by the rate limit',
    {
      status: 403,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1767225600' },
      body: { message: 'API rate limit exceeded' },
    },
    /rate limit is used up, it resets at 2026-01-01T00:00:00\.000Z/,
    /again then/,
  ],
  ['429', { status: 429, headers: { 'retry-after': '60' }, body: { message: 'slow' } }, /try again in 60 s/, /again/],
  ['404', { status: 404, body: { message: 'Not Found' } }, /is not there for this token \(404\)/, /owner and name/],
  ['422', { status: 422, body: validation }, /\(422\): PullRequest base invalid/, /base branch/],
  [
    '502 with a page of HTML',
    { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>\n<h1>Bad gateway</h1>\n</html>' },
    /failed to open the pull request \(502\): Bad gateway$/,
    /later/,
  ],
  ['418', { status: 418, body: { message: 'teapot' } }, /answered 418 .*: teapot/, /Read its answer/],
]

for (const [name, answer, message, fix] of cases) {
  test(`${name} says what, where and what to do, without the token`, async () => {
    await answering([answer], async (url) => {
      const failure = await failureOf(() => clientOf(url).createPullRequest(request))
      assert.is(failure.name, 'Failure')
      assert.match(failure.message, message)
      assert.match(failure.message, /127\.0\.0\.1:\d+ \(example\/models\)/)
      assert.match(failure.fix ?? '', fix)
      assert.not.match(JSON.stringify([failure.message, failure.fix, failure.stack, failure.cause]), TOKEN)
    })
  })
}

test('a refused connection is told from an answer', async () => {
  const failure = await failureOf(() => clientOf('http://127.0.0.1:9').findOpenPullRequest('a', 'main'))
  assert.match(failure.message, '127.0.0.1:9 (example/models) cannot be reached to list pull requests')
  assert.not.match(JSON.stringify([failure.message, failure.stack, failure.cause]), TOKEN)
})

test('a limit that says how long is waited for, a POST too; an outage is tried again only where nothing happens twice', async () => {
  const opened = { number: 7, html_url: 'x', title: 'x', body: null, user: null, labels: [] }
  const waits: number[] = []
  const patient = (url: string) =>
    createGitHubForge({
      repository,
      environment: { GITHUB_TOKEN: TOKEN, GITHUB_API_URL: url },
      wait: async (seconds) => void waits.push(seconds),
    })
  const limited = { status: 429, headers: { 'retry-after': '7' }, body: { message: 'slow' } }
  const down = { status: 503, body: { message: 'down' } }
  await answering([limited, limited, { status: 201, body: opened }], async (url) => {
    assert.is((await patient(url).createPullRequest(request)).number, 7)
  })
  await answering([down, down, { status: 200, body: opened }], async (url) => {
    assert.is((await patient(url).updatePullRequest(7, { title: 'x', body: 'y' })).number, 7)
  })
  assert.equal(waits, [7, 7, 1, 4])
  await answering([down, { status: 201, body: opened }], async (url) => {
    assert.match((await failureOf(() => patient(url).createPullRequest(request))).message, '(503)')
  })
  await answering([{ ...limited, headers: { 'retry-after': '3600' } }], async (url) => {
    const failure = await failureOf(() => patient(url).createPullRequest(request))
    assert.match(failure.message, 'try again in 3600 s')
  })
  assert.is(waits.length, 4)
})

test('an answer without end is not read to its end', async () => {
  const page = { status: 200, body: `"${'x'.repeat(33 * 1024 * 1024)}"` }
  await answering([page], async (url) => {
    const failure = await failureOf(() => clientOf(url).findOpenPullRequest('a', 'main'))
    assert.match(failure.message, 'more than 33554432 bytes')
  })
})

test('a token that may not write check runs sets a commit status instead', async () => {
  const seen: string[] = []
  const refused = { status: 403, body: { message: 'You must authenticate via a GitHub App.' } }
  const answers = [refused, { status: 200, body: { statuses: [] } }, { status: 201, body: {} }]
  await answering(
    answers,
    (url) =>
      clientOf(url).reportCheck('4be91d0', { name: 'modelyard', title: 'no findings', summary: '', findings: [] }),
    seen,
  )
  const at = '/repos/example/models'
  assert.equal(seen, [
    `GET ${at}/commits/4be91d0/check-runs`,
    `GET ${at}/commits/4be91d0/status`,
    `POST ${at}/statuses/4be91d0`,
  ])
})

test('a pull request of another branch is not taken for ours when the filter is ignored', async () => {
  const other = { number: 1, html_url: 'x', title: 'x', body: '', head: { ref: 'other' }, base: { ref: 'main' } }
  await answering([{ status: 200, body: [other] }], async (url) => {
    assert.is(await clientOf(url).findOpenPullRequest('promote/x/y', 'main'), undefined)
  })
})

test('without a token there is no forge', () => {
  assert.throws(() => createGitHubForge({ repository, environment: {} }), /no token for api\.github\.com/)
})

test('the API of GitHub Enterprise is found by the host of the remote', () => {
  const own = { ...repository, host: 'ghe.example.com' }
  assert.throws(() => createGitHubForge({ repository: own, environment: {} }), /no token for ghe\.example\.com/)
})

test('the token is not sent unencrypted over a network, nor to what is no address', () => {
  assert.throws(() => clientOf('http://forge.example.com'), /unencrypted/)
  assert.throws(() => clientOf('forge'), /is not the address of an API/)
})

test.run()
