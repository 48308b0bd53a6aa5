// Publishing against a repository over smart HTTP and an API whose every request and response GitHub's description judges.
import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { failureOf, type GitFixture, isolateGit, runGit } from '../../generators/git/testing/git-fixture.ts'
import { commitAll, withScratchWorktree } from '../../generators/git/worktree.ts'
import { type Change, publishChange } from '../../generators/promotion/publish.ts'
import type { Case } from './case.ts'
import { type Hosted, withHostedClone } from './hosted.ts'

isolateGit()

const BRANCH = 'promote/x/production'
const PULLS = /^POST .*\/pulls$/

/** What `promote` does once it has decided: the pin edited beside the user's work tree, then published. */
async function publish(
  { clone, forge }: Hosted & { clone: GitFixture },
  more: Partial<Change> = {},
  pin = 'stable: 2.0.0\n',
) {
  const { repository, git } = clone
  const baseCommit = git('rev-parse', 'HEAD')
  const commit = await withScratchWorktree(repository, baseCommit, async (directory) => {
    writeFileSync(join(directory, 'pin.yaml'), pin)
    return (await commitAll(repository, directory, { message: 'Promote x' })) ?? ''
  })
  const finding = { rule: 'dist-stale', severity: 'warning', message: 'old', file: 'pin.yaml', line: 1 } as const
  return await publishChange({
    repository,
    remote: 'origin',
    branch: BRANCH,
    baseBranch: 'main',
    baseCommit,
    commit,
    title: 'Promote x 1.0.0 -> 2.0.0',
    body: 'Because.',
    labels: ['promotion', 'production'],
    reviewers: { users: ['grace'], teams: ['risk'] },
    check: { name: 'modelyard', title: '1 warning', summary: 'All of it.', findings: [finding] },
    rivals: [{ branch: 'candidate/x/production', goesFirst: false }],
    forge,
    push: true,
    ...more,
  })
}

/** One pull request, complete, of the branch as the remote has it. */
function assertComplete({ endpoint, bare }: Hosted): void {
  const open = endpoint.forge.pullRequests.filter(({ state }) => state === 'open')
  assert.equal(
    open.map(({ head, labels, reviewers, teams }) => ({ head, labels, reviewers, teams })),
    [{ head: BRANCH, labels: ['promotion', 'production'], reviewers: ['grace'], teams: ['risk'] }],
  )
  const head = runGit(bare, 'rev-parse', BRANCH)
  const checks = endpoint.forge.checks.filter(({ commit }) => commit === head)
  assert.equal(
    checks.map(({ conclusion, annotations }) => [conclusion, annotations.length]),
    [['neutral', 1]],
  )
}

/** Answers that end a run: it says why, keeps what was pushed, and the next run completes it. */
const REFUSALS: [status: number, when: RegExp, headers: Record<string, string>, message: RegExp, body?: unknown][] = [
  [401, PULLS, {}, /does not accept the token \(401\) to open the pull request/],
  [
    403,
    PULLS,
    {},
    /does not let this token open the pull request \(403\): Resource not accessible by integration/,
    { message: 'Resource not accessible by integration' },
  ],
  [404, PULLS, {}, /is not there for this token \(404\) to open the pull request/],
  [409, PULLS, {}, /answered 409 when asked to open the pull request: planted 409/],
  [
    422,
    PULLS,
    {},
    /refused to open the pull request \(422\): PullRequest base invalid/,
    {
      message: 'Validation Failed',
      documentation_url: 'https://docs.github.com',
      errors: [{ resource: 'PullRequest', field: 'base', code: 'invalid' }],
    },
  ],
  [429, PULLS, { 'retry-after': '3600' }, /rate limit is used up, try again in 3600 s/],
  [
    403,
    PULLS,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1767225600' },
    /rate limit is used up, it resets at 2026-01-01T00:00:00.000Z/,
  ],
  [500, PULLS, {}, /failed to open the pull request \(500\)/],
  [502, PULLS, {}, /failed to open the pull request \(502\)/],
  [401, /^GET .*\/pulls$/, {}, /does not accept the token \(401\) to list pull requests/],
]

export const publishing: Case[] = [
  [
    'the judge sees a wrong request and a wrong response',
    () =>
      withHostedClone(async ({ endpoint, environment }) => {
        const send = (method: string, path: string, body?: object) =>
          fetch(`${environment['GITHUB_API_URL']}/repos/example/models${path}`, {
            method,
            headers: { authorization: `token ${environment['GITHUB_TOKEN']}` },
            ...(body && { body: JSON.stringify(body) }),
          })
        await send('POST', '/pulls', { head: 7, base: 'main', titel: 'x' })
        await send('GET', '/pulls?stat=open&per_page=x')
        await send('GET', '/pull')
        endpoint.faults.push({ when: /pulls$/, status: 200, body: [{ number: 'one' }] })
        await send('GET', '/pulls')
        const seen = endpoint.violations.splice(0).join('\n')
        for (const wrong of [
          'body/head must be string',
          'field titel of the body is not described',
          'query parameter stat is not described',
          'per_page must be integer',
          'no such operation',
          'response 200/0/number must be integer',
          "response 200/0 must have required property 'head'",
        ]) {
          assert.ok(seen.includes(wrong), `${wrong} in\n${seen}`)
        }
      }),
  ],
  [
    'create, again, update in place: one branch, one pull request, labels, review requests, a check',
    () =>
      withHostedClone(async (hosted) => {
        const first = await publish(hosted)
        assert.equal([first.pushed, first.pullRequest?.action, first.problems], [true, 'created', []])
        assertComplete(hosted)
        const calls = hosted.endpoint.calls.length
        const again = await publish(hosted)
        assert.equal([again.pullRequest?.action, again.problems], ['unchanged', []])
        const writes = hosted.endpoint.calls.slice(calls).filter((call) => !call.startsWith('GET'))
        assert.equal(writes, [])
        const other = await publish(hosted, { body: 'Other.' }, 'stable: 3.0.0\n')
        assert.equal([other.replaced, other.pullRequest?.action], [again.commit, 'updated'])
        assertComplete(hosted)
        assert.is(hosted.endpoint.forge.pullRequests.length, 1)
      }),
  ],
  [
    'a candidate that is open is superseded: closed, with the number of the new one',
    () =>
      withHostedClone(async (hosted) => {
        await publish(hosted, { branch: 'candidate/x/production', rivals: [] })
        const published = await publish(hosted)
        assert.equal(published.superseded, [1])
        assertComplete(hosted)
        const [closed] = hosted.endpoint.forge.pullRequests
        assert.equal([closed?.state, closed?.comments], ['closed', ['Superseded by #2: Promote x 1.0.0 -> 2.0.0']])
      }),
  ],
  [
    "a person's token sets a commit status instead of a check run",
    () =>
      withHostedClone(async (hosted) => {
        hosted.endpoint.isApp = false
        await publish(hosted)
        await publish(hosted)
        assert.equal(
          hosted.endpoint.statuses.map(({ commit, ...status }) => [
            commit === runGit(hosted.bare, 'rev-parse', BRANCH),
            status,
          ]),
          [[true, { state: 'success', context: 'modelyard', description: '1 warning' }]],
        )
      }),
  ],
  ...REFUSALS.map(
    ([status, when, headers, message, body]): Case => [
      `${status} for ${when.source}${headers['retry-after'] ? ' with Retry-After' : ''}: a clear message, and the next run completes`,
      () =>
        withHostedClone(async (hosted) => {
          hosted.endpoint.faults.push({ when, status, headers, times: 99, ...(body !== undefined && { body }) })
          const failure = await failureOf(() => publish(hosted))
          assert.is(failure.name, 'Failure')
          assert.match(failure.message, message)
          assert.ok(failure.fix)
          assert.ok(runGit(hosted.bare, 'rev-parse', BRANCH), 'the branch is pushed')
          hosted.endpoint.faults.length = 0
          assert.is((await publish(hosted)).pullRequest?.number, 1)
          assertComplete(hosted)
        }),
    ],
  ),
  [
    '429 with a short Retry-After is waited for, and 503 tried again',
    () =>
      withHostedClone(async (hosted) => {
        hosted.endpoint.faults.push({ when: PULLS, status: 429, headers: { 'retry-after': '1' }, times: 1 })
        hosted.endpoint.faults.push({ when: /^GET .*pulls$/, status: 503, times: 1 })
        assert.is((await publish(hosted)).pullRequest?.action, 'created')
        assertComplete(hosted)
      }),
  ],
  [
    'an answer that is lost after the pull request was opened is no second one; 422 says that there is one',
    () =>
      withHostedClone(async (hosted) => {
        hosted.endpoint.faults.push({ when: PULLS, status: 502, times: 1, afterwards: true })
        assert.is((await publish(hosted)).pullRequest?.number, 1)
        assertComplete(hosted)
        const request = { head: BRANCH, base: 'main', title: 'x', body: 'y' }
        const failure = await failureOf(() => hosted.forge.createPullRequest(request))
        assert.match(failure.message, /\(422\): A pull request already exists for example:promote\/x\/production/)
      }),
  ],
  [
    'labels, reviews and the check that are refused are told, and asked for again by the next run',
    () =>
      withHostedClone(async (hosted) => {
        const { faults } = hosted.endpoint
        faults.push({ when: /labels$/, status: 404, times: 1 })
        faults.push({
          when: /requested_reviewers$/,
          status: 422,
          times: 1,
          body: {
            message: 'Reviews may only be requested from collaborators.',
            documentation_url: 'https://docs.github.com',
            errors: ['x'],
          },
        })
        faults.push({ when: /^POST .*check-runs$/, status: 500, times: 1 })
        const { problems, pullRequest } = await publish(hosted)
        assert.is(pullRequest?.action, 'created')
        assert.is(problems.length, 3)
        assert.match(
          problems.join('\n'),
          /label pull request #1[\s\S]*request reviews of pull request #1[\s\S]*report a check/,
        )
        faults.length = 0
        assert.equal((await publish(hosted)).problems, [])
        assertComplete(hosted)
      }),
  ],
  [
    'an expired token: the push says so and the change is kept',
    () =>
      withHostedClone(async (hosted) => {
        process.env['GITHUB_TOKEN'] = 'ghs_expired0123456789'
        const failure = await failureOf(() => publish(hosted))
        assert.match(failure.message, 'origin does not accept the credentials')
        assert.match(failure.fix ?? '', /kept on the local branch promote\/x\/production.*GITHUB_TOKEN/)
        assert.not.match(`${failure.message}${failure.fix}${failure.stack}`, 'ghs_expired')
        process.env['GITHUB_TOKEN'] = hosted.environment['GITHUB_TOKEN']
        await publish(hosted)
        assertComplete(hosted)
      }),
  ],
  [
    'a token that may not push: the push says so and the change is kept',
    () =>
      withHostedClone(async (hosted) => {
        hosted.endpoint.git.status = 403
        const failure = await failureOf(() => publish(hosted))
        assert.match(failure.message, /origin does not let these credentials write .*403/)
        assert.match(failure.fix ?? '', /kept on the local branch.*contents: write/)
        assert.equal(hosted.endpoint.forge.pullRequests, [])
        hosted.endpoint.git = {}
        await publish(hosted)
        assertComplete(hosted)
      }),
  ],
  [
    'a protected branch: the refusal is shown and the change is kept',
    () =>
      withHostedClone(async (hosted) => {
        const hook = join(hosted.bare, 'hooks/pre-receive')
        const said = 'GH006: Protected branch update failed for refs/heads/promote/x/production.'
        writeFileSync(hook, `#!/bin/sh\necho "error: ${said}" >&2\nexit 1\n`)
        chmodSync(hook, 0o755)
        const failure = await failureOf(() => publish(hosted))
        assert.match(
          failure.message,
          /origin refused the push to promote\/x\/production: .*GH006: Protected branch update failed/,
        )
        assert.match(failure.fix ?? '', 'kept on the local branch promote/x/production')
        assert.is(hosted.clone.git('show', `${BRANCH}:pin.yaml`), 'stable: 2.0.0')
        chmodSync(hook, 0o644)
        await publish(hosted)
        assertComplete(hosted)
      }),
  ],
  ...[100, 3_000_000].map(
    (afterBytes): Case => [
      `the network is cut ${afterBytes} bytes into the push: nothing is there by halves, and the next run completes`,
      () =>
        withHostedClone(async (hosted) => {
          const pin = `stable: 2.0.0\n# ${randomBytes(4_000_000).toString('base64')}\n`
          hosted.endpoint.git.cut = { afterBytes }
          const failure = await failureOf(() => publish(hosted, {}, pin))
          assert.match(failure.message, /^promote\/x\/production could not be pushed: origin cannot be reached \(/)
          assert.match(failure.fix ?? '', 'kept on the local branch promote/x/production')
          assert.is(runGit(hosted.bare, 'branch', '--list', BRANCH), '')
          hosted.endpoint.git = {}
          await publish(hosted, {}, pin)
          assertComplete(hosted)
          runGit(hosted.bare, 'fsck', '--strict')
        }),
    ],
  ),
  [
    'somebody else moved the branch while this run pushed: theirs is left, and the next run starts from it',
    () =>
      withHostedClone(async (hosted) => {
        await publish(hosted)
        // Between the look and the push.
        const hook = join(hosted.bare, 'hooks/pre-receive')
        writeFileSync(hook, `#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/${BRANCH} main\n`)
        chmodSync(hook, 0o755)
        const failure = await failureOf(() => publish(hosted, {}, 'stable: 3.0.0\n'))
        assert.match(failure.message, /somebody else changed promote\/x\/production on origin|refused the push/)
        chmodSync(hook, 0o644)
        assert.is(runGit(hosted.bare, 'rev-parse', BRANCH), runGit(hosted.bare, 'rev-parse', 'main'))
        await publish(hosted, {}, 'stable: 3.0.0\n')
        assertComplete(hosted)
      }),
  ],
]
