import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EmbeddedForge, startEmbeddedForge } from './embedded-forge.ts'
import { createGitHubForge } from './github.ts'
import { failureOf } from './testing/git-fixture.ts'

const test = suite<{ embedded: EmbeddedForge }>('embedded forge')
const repository = { host: 'github.com', owner: 'example', repo: 'models' }
const request = { head: 'promote/x/y', base: 'main', title: 'Promote x', body: 'Because.', labels: ['modelyard'] }

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
  assert.equal(created.problems, [])
  assert.equal(embedded.pullRequests[0]?.labels, ['modelyard'])
  assert.is(await forge.findOpenPullRequest(request.head, 'release'), undefined)
  assert.is(await forge.findOpenPullRequest('promote/x/other', 'main'), undefined)

  await forge.updatePullRequest(1, { title: 'Promote x again', body: 'Still.' })
  assert.equal(await forge.findOpenPullRequest(request.head, 'main'), {
    number: 1,
    url: `${embedded.url}/example/models/pull/1`,
    title: 'Promote x again',
    body: 'Still.',
  })
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
