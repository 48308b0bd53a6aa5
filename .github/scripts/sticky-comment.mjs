// node sticky-comment.mjs <validation.json>: keeps one comment on the pull request of commit HEAD_SHA, with the findings of
// `modelyard validate --json`. The file was written by the pull request's own code: its texts are shown as text and trusted in
// nothing, and which pull request it is says GitHub.
import { readFileSync, statSync } from 'node:fs'

const MARK = '<!-- modelyard:checks -->'
const MOST = 20
/** More than this no honest report has. */
const MAX_BYTES = 5_000_000

const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, HEAD_SHA = '', RUN_URL = '' } = process.env

async function call(method, path, body) {
  const answer = await fetch(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}${path}`, {
    method,
    headers: { authorization: `Bearer ${GITHUB_TOKEN}`, accept: 'application/vnd.github+json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`)
  return await answer.json()
}

/** Inside a code span nothing is a link, a name or markup; what could end it goes, and line ends with it. */
function code(text) {
  const plain = String(text ?? '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[`\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069|]/g, ' ')
    .slice(0, 300)
  return plain.trim() === '' ? '' : `\`${plain}\``
}

function findingsOf(file) {
  if (statSync(file).size > MAX_BYTES) return undefined
  try {
    const { findings } = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(findings) ? findings : undefined
  } catch {
    return undefined
  }
}

function textOf(findings) {
  const run = /^https:\/\/[\w.:-]+\/[\w./-]+$/.test(RUN_URL) ? ` ([run](${RUN_URL}))` : ''
  const at = `at \`${/^[0-9a-f]{40}$/.test(HEAD_SHA) ? HEAD_SHA.slice(0, 7) : '?'}\`${run}`
  if (findings === undefined) return `${MARK}\n**The checks could not be read** ${at}.\n`
  if (findings.length === 0) return `${MARK}\n**No findings** ${at}.\n`
  const count = (severity) => findings.filter((finding) => finding?.severity === severity).length
  const lines = findings.slice(0, MOST).map((finding) => {
    const place = [finding?.file, finding?.line].filter((part) => part !== undefined).join(':')
    return `- ${code(finding?.severity)} ${code(finding?.rule)} ${code(place)}: ${code(finding?.message)}`
  })
  if (findings.length > MOST) lines.push(`- and ${findings.length - MOST} more, in the run`)
  return `${MARK}\n**${count('error')} errors, ${count('warning')} warnings** ${at}\n\n${lines.join('\n')}\n`
}

const pulls = await call('GET', `/commits/${encodeURIComponent(HEAD_SHA)}/pulls`)
// A commit that is no pull request's newest any more has a newer run.
const pull = pulls.find(({ state, head }) => state === 'open' && head.sha === HEAD_SHA)
if (pull) {
  const body = textOf(findingsOf(process.argv[2]))
  const comments = await call('GET', `/issues/${pull.number}/comments?per_page=100`)
  const mine = comments.find((comment) => comment.user?.type === 'Bot' && comment.body?.startsWith(MARK))
  if (mine?.body === body) console.log(`#${pull.number} says that already`)
  else if (mine) await call('PATCH', `/issues/comments/${mine.id}`, { body })
  else await call('POST', `/issues/${pull.number}/comments`, { body })
} else console.log('no open pull request has this commit as its newest')
