/** A pull request as the embedded forge keeps it. */
export interface EmbeddedPullRequest {
  /** `example/models` */
  repository: string
  number: number
  url: string
  head: string
  base: string
  title: string
  body: string
  state: 'open' | 'closed'
  labels: string[]
}

/** What a route needs of a request. */
export interface ForgeRequest {
  method: string
  address: URL
  body: unknown
  /** Whether it had a token. */
  authorized: boolean
}

export interface Reply {
  status: number
  json?: unknown
  text?: string
}

/** GitHub's own limit, in characters. */
const MAX_BODY = 65_536

/** One request's answer, in the words and with the status that GitHub uses. */
export function answer(request: ForgeRequest, pulls: EmbeddedPullRequest[], url: string): Reply {
  const path = request.address.pathname
  const page = /^\/([^/]+\/[^/]+)\/pull\/(\d+)$/.exec(path)
  if (page) return readable(pulls.find((pull) => pull.repository === page[1] && pull.number === Number(page[2])))

  const [, repository, , rest = ''] = /^\/repos\/([^/]+\/[^/]+)(\/(.*))?$/.exec(path) ?? []
  if (repository === undefined) return notFound
  if (!request.authorized) return { status: 401, json: { message: 'Requires authentication' } }
  if (rest === 'pulls' && request.method === 'GET') return list(request.address, pulls, repository)
  if (rest === 'pulls' && request.method === 'POST') return create(fields(request.body), pulls, repository, url)

  const number = Number(/^(?:pulls|issues)\/(\d+)(?:\/labels)?$/.exec(rest)?.[1])
  const pull = pulls.find((candidate) => candidate.repository === repository && candidate.number === number)
  if (pull === undefined) return notFound
  if (rest === `pulls/${number}` && request.method === 'GET') return { status: 200, json: view(pull) }
  if (rest === `pulls/${number}` && request.method === 'PATCH') return update(fields(request.body), pull)
  if (rest === `issues/${number}/labels` && request.method === 'POST') return label(fields(request.body), pull)
  return notFound
}

const notFound: Reply = { status: 404, json: { message: 'Not Found' } }

function invalid(field: string, message?: string): Reply {
  const error = { resource: 'PullRequest', field, code: message === undefined ? 'missing_field' : 'custom', message }
  return { status: 422, json: { message: 'Validation Failed', errors: [error] } }
}

function fields(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

function list({ searchParams }: URL, pulls: EmbeddedPullRequest[], repository: string): Reply {
  const state = searchParams.get('state') ?? 'open'
  const base = searchParams.get('base')
  // GitHub reads `owner:branch` only, and ignores what is not of that form.
  const head = /^[^:]+:(.+)$/.exec(searchParams.get('head') ?? '')?.[1]
  const found = pulls.filter(
    (pull) =>
      pull.repository === repository &&
      (state === 'all' || pull.state === state) &&
      (base === null || pull.base === base) &&
      (head === undefined || pull.head === head),
  )
  return { status: 200, json: found.map(view).reverse() }
}

function create(body: Record<string, unknown>, pulls: EmbeddedPullRequest[], repository: string, url: string): Reply {
  const { title, head, base, body: text = '' } = body
  if (typeof title !== 'string' || title === '') return invalid('title')
  if (typeof head !== 'string' || head === '') return invalid('head')
  if (typeof base !== 'string' || base === '') return invalid('base')
  if (typeof text !== 'string' || text.length > MAX_BODY) return tooLong
  const owner = repository.split('/')[0]
  const branch = head.replace(/^[^:]+:/, '')
  if (branch === base) return invalid('head', `No commits between ${base} and ${branch}`)
  const mine = pulls.filter((pull) => pull.repository === repository)
  if (mine.some((pull) => pull.state === 'open' && pull.head === branch && pull.base === base)) {
    return invalid('head', `A pull request already exists for ${owner}:${branch}.`)
  }
  const number = mine.length + 1
  const address = `${url}/${repository}/pull/${number}`
  const pull = { repository, number, url: address, head: branch, base, title, body: text, labels: [] }
  pulls.push({ ...pull, state: 'open' })
  return { status: 201, json: view({ ...pull, state: 'open' }) }
}

const tooLong = invalid('body', `body is too long (maximum is ${MAX_BODY} characters)`)

function update({ title, body, state }: Record<string, unknown>, pull: EmbeddedPullRequest): Reply {
  if (typeof body === 'string' && body.length > MAX_BODY) return tooLong
  if (typeof title === 'string') pull.title = title
  if (typeof body === 'string') pull.body = body
  if (state === 'open' || state === 'closed') pull.state = state
  return { status: 200, json: view(pull) }
}

function label({ labels }: Record<string, unknown>, pull: EmbeddedPullRequest): Reply {
  const names = Array.isArray(labels) ? labels.map(String) : []
  pull.labels = [...new Set([...pull.labels, ...names])]
  return { status: 200, json: pull.labels.map((name) => ({ name })) }
}

function view(pull: EmbeddedPullRequest): object {
  const owner = pull.repository.split('/')[0]
  return {
    number: pull.number,
    state: pull.state,
    title: pull.title,
    body: pull.body,
    html_url: pull.url,
    head: { label: `${owner}:${pull.head}`, ref: pull.head },
    base: { label: `${owner}:${pull.base}`, ref: pull.base },
    labels: pull.labels.map((name) => ({ name })),
  }
}

/** The page that `html_url` names: there is no renderer here, so the text as it is. */
function readable(pull: EmbeddedPullRequest | undefined): Reply {
  if (pull === undefined) return notFound
  return { status: 200, text: `#${pull.number} ${pull.title} (${pull.state})\n\n${pull.body}\n` }
}
