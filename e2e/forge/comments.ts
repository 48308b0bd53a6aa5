// The comment that a workflow keeps on a pull request, of a report that the pull request's own code wrote.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import type { Case } from './case.ts'

const SCRIPT = fileURLToPath(new URL('../../.github/scripts/sticky-comment.mjs', import.meta.url))
const HEAD = '4be91d0c6a5f4e3d2c1b0a998877665544332211'

interface Comment {
  id: number
  body: string
  user: { type: string }
}

/** Runs the script on each report in turn, against one pull request; its comments afterwards. */
async function commentsAfter(reports: readonly string[], head = HEAD): Promise<Comment[]> {
  // Somebody else's comment begins like ours and is left alone.
  const comments: Comment[] = [{ id: 1, body: '<!-- modelyard:checks -->\nmine', user: { type: 'User' } }]
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const path = (request.url ?? '').replace('/repos/example/models', '').split('?')[0] ?? ''
    const { body } = text === '' ? { body: '' } : JSON.parse(text)
    const send = (json: unknown) => response.end(JSON.stringify(json))
    if (path === `/commits/${head}/pulls`) send([{ number: 7, state: 'open', head: { sha: HEAD } }])
    else if (request.method === 'GET') send(comments)
    else if (request.method === 'POST')
      send(comments[comments.push({ id: comments.length + 1, body, user: { type: 'Bot' } }) - 1])
    else {
      const comment = comments.find(({ id }) => path.endsWith(`/${id}`))
      if (comment) comment.body = body
      send(comment)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'forge-tier-'))
  const file = join(folder, 'validation.json')
  const env = {
    ...process.env,
    GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    GITHUB_REPOSITORY: 'example/models',
    GITHUB_TOKEN: 'any',
    HEAD_SHA: head,
    RUN_URL: 'https://github.com/example/models/actions/runs/1',
  }
  try {
    for (const report of reports) {
      writeFileSync(file, report)
      const child = spawn(process.execPath, [SCRIPT, file], { env, stdio: ['ignore', 'ignore', 'inherit'] })
      assert.is(await new Promise((resolve) => child.once('close', resolve)), 0)
    }
    return comments
  } finally {
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
}

const report = (...findings: object[]) => JSON.stringify({ findings })

export const comments: Case[] = [
  [
    'one comment is kept, and written again only when something changed',
    async () => {
      const finding = { severity: 'error', rule: 'dist-stale', file: 'dist/a.yaml', line: 3, message: 'is old' }
      const [other, mine, ...more] = await commentsAfter([report(finding), report(finding), report()])
      assert.is(other?.body, '<!-- modelyard:checks -->\nmine')
      assert.match(
        mine?.body ?? '',
        '**The report has no findings** at `4be91d0` ([run](https://github.com/example/models/actions/runs/1)).',
      )
      assert.equal(more, [])
    },
  ],
  [
    'what a hostile report says is shown as text: no name is called, no link made, no comment ended',
    async () => {
      const message = '` @everyone [click](https://evil.example) <img src=x> \n# big \u202e| <!-- x --> $(id)'
      const [, mine] = await commentsAfter([report({ severity: '@a`', rule: null, file: { a: 1 }, message })])
      const [line = ''] = (mine?.body ?? '').split('\n').slice(3)
      // Outside of code spans there is nothing of it.
      assert.match(line.replace(/`[^`]*`/g, ''), /^- *: $/)
      assert.is((mine?.body ?? '').trim().split('\n').length, 6)
    },
  ],
  [
    'a report that is none is said to be unreadable',
    async () => {
      for (const text of ['', '{', '[]', '{"findings":7}', '"x"', 'null']) {
        const [, mine] = await commentsAfter([text])
        assert.match(mine?.body ?? '', '**The report of the checks could not be read**', text)
      }
    },
  ],
  [
    "a commit that is no open pull request's newest gets no comment",
    async () => assert.is((await commentsAfter([report()], 'f'.repeat(40))).length, 1),
  ],
]
