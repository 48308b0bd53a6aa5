import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Random, random } from '../generators/testing/random.ts'

const SCRIPTS = new URL('../.github/scripts/', import.meta.url)
const HEAD = '4be91d0c6a5f4e3d2c1b0a998877665544332211'
const RUN = { sha: HEAD, runUrl: 'https://github.com/example/models/actions/runs/1' }
const { commentText, MARK } = (await import(new URL('checks-comment.mjs', SCRIPTS).href)) as {
  commentText(text: string | undefined, run: typeof RUN): string
  MARK: string
}

const HOSTILE = [
  '**bold** [x](https://evil.example) @admin <img src=x> | `` ` ',
  'a\nb\r\n# heading\u2028- item',
  '\u202eevil\u2066\ufeff\u200b',
  '\ud800',
  '<!-- modelyard:checks -->',
  'x'.repeat(100_000),
  '__proto__',
]

/** Any JSON, biased to what a report has. */
function anyJson({ below, pick }: Random, depth = 0): unknown {
  const kind = depth > 4 ? below(5) : below(8)
  const again = () => anyJson({ below, pick } as Random, depth + 1)
  if (kind === 0) return pick([null, true, false])
  if (kind === 1) return pick([0, -1, 1.5, 1e308, -0])
  if (kind < 5) return pick(HOSTILE)
  if (kind === 5) return Array.from({ length: below(4) }, again)
  const keys = ['findings', 'severity', 'rule', 'file', 'line', 'message', 'toString', 'valueOf', 'toJSON', '__proto__']
  return Object.fromEntries(Array.from({ length: below(5) }, () => [pick(keys), again()]))
}

test('commentText survives any JSON, and what a report says stays text in a code span of one line', () => {
  const dice = random(11)
  for (let round = 0; round < 3000; round++) {
    const findings = Array.from({ length: dice.below(30) }, () => anyJson(dice))
    const text = dice.below(4) === 0 ? JSON.stringify(anyJson(dice)) : JSON.stringify({ findings })
    const body = commentText(dice.below(20) === 0 ? text.slice(0, 40) : text, RUN)
    assert.ok(body.length < 65_536)
    assert.match(body, 'written by code of the pull request itself')
    assert.ok(body.startsWith(MARK))
    assert.is(Buffer.from(body).toString('utf8'), body)
    const [, , ...lines] = body.split('\n')
    for (const line of lines.filter((one) => one !== '' && !one.startsWith('<sub>'))) {
      // Outside of the code spans there is nothing but what this script wrote.
      assert.match(
        line.replace(/`[^`]*`/g, '`'),
        /^- (`? `?(` )?`?: ?`?|`? ?`? ?`?: ?`?|and \d+ more, in the run)$/,
        line,
      )
    }
  }
  const deep = `{"findings":[${'['.repeat(5000)}${']'.repeat(5000)}]}`
  assert.match(commentText(deep, RUN), '0 errors')
  assert.match(commentText(undefined, RUN), 'could not be read')
})

test('the comment is found beyond the first hundred and kept on every open pull request of the commit', async () => {
  const comments = new Map<number, { id: number; body: string; user: { type: string } }[]>()
  const chatter = (count: number) =>
    Array.from({ length: count }, (_, id) => ({ id, body: `${MARK} a person`, user: { type: 'User' } }))
  comments.set(7, [...chatter(230), { id: 999, body: `${MARK}\nold`, user: { type: 'Bot' } }])
  comments.set(8, chatter(100))
  comments.set(9, chatter(1))
  const pulls = [
    ...Array.from({ length: 120 }, (_, index) => ({ number: 1000 + index, state: 'closed', head: { sha: HEAD } })),
    { number: 7, state: 'open', head: { sha: HEAD } },
    { number: 8, state: 'open', head: { sha: HEAD } },
    { number: 9, state: 'open', head: { sha: 'f'.repeat(40) } },
  ]
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const url = new URL(request.url ?? '', 'http://forge')
    const [size, page] = ['per_page', 'page'].map((name) => Number(url.searchParams.get(name))) as [number, number]
    const paged = (items: unknown[]) => response.end(JSON.stringify(items.slice((page - 1) * size, page * size)))
    const number = Number(/issues\/(\d+)\/comments$/.exec(url.pathname)?.[1])
    if (url.pathname.endsWith('/pulls')) paged(pulls)
    else if (request.method === 'GET') paged(comments.get(number) ?? [])
    else if (request.method === 'POST') {
      comments.get(number)?.push({ id: 5000, user: { type: 'Bot' }, ...JSON.parse(text) })
      response.end('{}')
    } else {
      const id = Number(url.pathname.split('/').at(-1))
      const comment = [...comments.values()].flat().find((one) => one.id === id && one.user.type === 'Bot')
      if (comment) comment.body = JSON.parse(text).body
      response.end('{}')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'checks-comment-'))
  try {
    const file = join(folder, 'validation.json')
    writeFileSync(file, '{"findings":[]}')
    const env = {
      ...process.env,
      GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      GITHUB_REPOSITORY: 'example/models',
      GITHUB_TOKEN: 'any',
      HEAD_SHA: HEAD,
      RUN_URL: RUN.runUrl,
    }
    const script = fileURLToPath(new URL('sticky-comment.mjs', SCRIPTS))
    const child = spawn(process.execPath, [script, file], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    assert.is(await new Promise((resolve) => child.once('close', resolve)), 0)
  } finally {
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
  const bots = [...comments].map(([number, list]) => {
    return [number, list.filter(({ user }) => user.type === 'Bot').map(({ body }) => body.includes('no findings'))]
  })
  assert.equal(bots, [
    [7, [true]],
    [8, [true]],
    [9, []],
  ])
})

test.run()
