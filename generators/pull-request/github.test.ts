import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createGitHubForge } from './github.ts'
import { failureOf } from './testing/git-fixture.ts'

const TOKEN = 'ghp_thetokenthatnobodymaysee'
const repository = { host: 'github.com', owner: 'example', repo: 'models' }
const request = { head: 'promote/x/y', base: 'main', title: 'Promote x', body: 'Because.', labels: ['a'] }
const clientOf = (url: string) =>
  createGitHubForge({ repository, environment: { GITHUB_TOKEN: TOKEN, GITHUB_API_URL: url } })

interface Answer {
  status: number
  headers?: Record<string, string>
  body: unknown
}

/** A server that gives the answers in turn, the last one again and again. */
async function answering(answers: Answer[], test: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((_, response) => {
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

test('labels that cannot be set are a problem of a pull request that is open', async () => {
  const opened = { number: 7, html_url: 'https://example.com/7', title: 'Promote x', body: null }
  await answering(
    [
      { status: 201, body: opened },
      { status: 403, body: { message: 'No' } },
    ],
    async (url) => {
      const created = await clientOf(url).createPullRequest(request)
      assert.is(created.number, 7)
      assert.is(created.body, '')
      assert.match(created.problems[0] ?? '', /labels not set: .*label pull request #7 \(403\)/)
    },
  )
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
