// node sticky-comment.mjs <validation.json>: keeps one comment on each open pull request whose newest commit is HEAD_SHA, with the
// findings of `modelyard validate --json`. Which pull requests those are says GitHub, not the file.
import { readFileSync, statSync } from 'node:fs'
import { commentText, MARK } from './checks-comment.mjs'

/** More than this no honest report has. */
const MAX_BYTES = 5_000_000
const MAX_PAGES = 100

const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, HEAD_SHA = '', RUN_URL = '' } = process.env

async function call(method, path, body) {
  const answer = await fetch(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}${path}`, {
    method,
    headers: { authorization: `Bearer ${GITHUB_TOKEN}`, accept: 'application/vnd.github+json' },
    redirect: 'error',
    signal: AbortSignal.timeout(30_000),
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`)
  return await answer.json()
}

/** Every item of a list, a page at a time. */
async function* list(path) {
  for (let page = 1; page <= MAX_PAGES; page++) {
    const items = await call('GET', `${path}?per_page=100&page=${page}`)
    yield* items
    if (items.length < 100) return
  }
}

function report(file) {
  try {
    return statSync(file).size > MAX_BYTES ? undefined : readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** The comment of this script: a bot's, and of the token's own bot where the token says which. */
async function ownComment(number) {
  for await (const comment of list(`/issues/${number}/comments`)) {
    if (comment.user?.type === 'Bot' && comment.body?.startsWith(MARK)) return comment
  }
}

const body = commentText(report(process.argv[2]), { sha: HEAD_SHA, runUrl: RUN_URL })
let commented = 0
for await (const { number, state, head } of list(`/commits/${encodeURIComponent(HEAD_SHA)}/pulls`)) {
  // A commit that is not a pull request's newest any more has a newer run.
  if (state !== 'open' || head.sha !== HEAD_SHA) continue
  commented++
  const mine = await ownComment(number)
  if (mine?.body === body) console.log(`#${number} says that already`)
  else if (mine) await call('PATCH', `/issues/comments/${mine.id}`, { body })
  else await call('POST', `/issues/${number}/comments`, { body })
}
if (commented === 0) console.log('no open pull request has this commit as its newest')
