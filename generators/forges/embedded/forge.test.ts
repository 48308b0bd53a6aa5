import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { failureOf } from '../../git/testing/git-fixture.ts'
import { createGitHubForge } from '../github/forge.ts'
import { type EmbeddedForge, startEmbeddedForge } from './forge.ts'

const test = suite<{ embedded: EmbeddedForge }>('embedded forge')
const repository = { host: 'github.com', owner: 'example', repo: 'models' }
const request = { head: 'promote/x/y', base: 'main', title: 'Promote x', body: 'Because.' }

test.before.each(async (context) => {
  context.embedded = await startEmbeddedForge()
})
test.after.each((context) => context.embedded.close())

const client = ({ url }: EmbeddedForge) =>
  createGitHubForge({ repository, environment: { GITHUB_TOKEN: 'any-token', GITHUB_API_URL: url } })

test('a pull request is opened with labels, found by its branches, and changed', async ({ embedded }) => {
  const forge = client(embedded)
  assert.is(await forge.findOpenPullRequest(request.head, 'main'), undefined)
  const created = await forge.createPullRequest(request)
  assert.is(created.number, 1)
  await forge.addLabels(1, ['promotion'])
  assert.equal(embedded.pullRequests[0]?.labels, ['promotion'])
  assert.is(await forge.findOpenPullRequest(request.head, 'release'), undefined)
  assert.is(await forge.findOpenPullRequest('promote/x/other', 'main'), undefined)

  await forge.updatePullRequest(1, { title: 'Promote x again', body: 'Still.' })
  assert.equal(await forge.findOpenPullRequest(request.head, 'main'), {
    number: 1,
    url: `${embedded.url}/example/models/pull/1`,
    title: 'Promote x again',
    body: 'Still.',
    author: 'modelyard',
    labels: ['promotion'],
    reviewers: [],
  })
})

test('owners are asked once for a review, and never the author', async ({ embedded }) => {
  const forge = client(embedded)
  const pull = await forge.createPullRequest(request)
  await forge.requestReviews(pull, { users: ['ada', 'Modelyard'], teams: ['risk'] })
  const open = await forge.findOpenPullRequest(request.head, 'main')
  assert.equal(open?.reviewers, ['ada', 'risk'])
  await forge.requestReviews(pull, { users: ['modelyard'], teams: [] })
  assert.equal(embedded.pullRequests[0]?.reviewers, ['ada'])
})

test('one that is closed says why, once, also when a run was ended in between', async ({ embedded }) => {
  const forge = client(embedded)
  await forge.createPullRequest(request)
  await forge.closePullRequest(1, 'Superseded by #2.')
  await forge.closePullRequest(1, 'Superseded by #2.')
  const [pull] = embedded.pullRequests
  assert.equal([pull?.state, pull?.comments], ['closed', ['Superseded by #2.']])
})

test('a check is reported once, with every finding at its line', async ({ embedded }) => {
  const findings = Array.from({ length: 120 }, (_, index) => ({
    rule: 'dist-stale' as const,
    severity: 'warning' as const,
    message: `finding ${index}`,
    ...(index > 0 && { file: 'a.yaml', line: index }),
  }))
  const check = { name: 'modelyard', title: '120 warnings', summary: 'All of them.', findings }
  const forge = client(embedded)
  await forge.reportCheck('4be91d0', check)
  await forge.reportCheck('4be91d0', check)
  assert.is(embedded.checks.length, 1)
  assert.is(embedded.checks[0]?.conclusion, 'neutral')
  // The first has no file: it stands in the summary.
  assert.equal(
    embedded.checks[0]?.annotations.map(({ start_line }) => start_line),
    Array.from({ length: 119 }, (_, index) => index + 1),
  )
})

test('a second one for the same branches is refused with 422, in words', async ({ embedded }) => {
  const forge = client(embedded)
  await forge.createPullRequest(request)
  const failure = await failureOf(() => forge.createPullRequest(request))
  assert.match(failure.message, '(422): A pull request already exists for example:promote/x/y.')
})

test('a body over the limit is refused', async ({ embedded }) => {
  const failure = await failureOf(() => client(embedded).createPullRequest({ ...request, body: 'x'.repeat(65_537) }))
  assert.match(failure.message, 'body is too long')
})

test('a pull request that is not there is a 404', async ({ embedded }) => {
  const failure = await failureOf(() => client(embedded).updatePullRequest(9, { title: 'x', body: 'y' }))
  assert.match(failure.message, '(404)')
})

test('a call without a token is a 401, and what is no JSON a 400', async ({ embedded }) => {
  const address = `${embedded.url}/repos/example/models/pulls`
  assert.is((await fetch(address)).status, 401)
  const headers = { authorization: 'Bearer any-token' }
  assert.is((await fetch(address, { method: 'POST', headers, body: '{' })).status, 400)
  assert.is((await fetch(address, { method: 'POST', headers, body: 'x'.repeat(1_000_001) })).status, 413)
  assert.is((await fetch(`${embedded.url}/users`, { headers })).status, 404)
})

test('the address of a pull request can be read', async ({ embedded }) => {
  const { url } = await client(embedded).createPullRequest(request)
  assert.match(await (await fetch(url)).text(), 'Promote x (open)\n\nBecause.')
})

test.run()
