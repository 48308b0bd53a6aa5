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
  comments: string[]
  /** Asked for a review: users and teams. */
  reviewers: string[]
  teams: string[]
}

/** A verdict on a commit. */
export interface EmbeddedCheck {
  repository: string
  commit: string
  name: string
  conclusion: string
  title: string
  annotations: { path: string; start_line: number; annotation_level: string; message: string }[]
}

/** All that the embedded forge knows, oldest first. */
export interface EmbeddedState {
  pulls: EmbeddedPullRequest[]
  checks: EmbeddedCheck[]
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

/** Everybody with a token is the same user here. */
const USER = 'modelyard'
/** GitHub's own limit, in characters. */
const MAX_BODY = 65_536

/** What a route is given: the repository's part of the state, and what the path named. */
interface Call {
  state: EmbeddedState
  repository: string
  pull: EmbeddedPullRequest
  name: string
  body: Record<string, unknown>
  address: URL
  url: string
}

/** A pull request in the path must be there. */
const ROUTES: [method: string, path: RegExp, answer: (call: Call) => Reply][] = [
  ['GET', /^pulls$/, list],
  ['POST', /^pulls$/, create],
  ['GET', /^pulls\/(?<number>\d+)$/, ({ pull }) => ({ status: 200, json: view(pull) })],
  ['PATCH', /^pulls\/(?<number>\d+)$/, update],
  ['GET', /^pulls\/(?<number>\d+)\/reviews$/, () => ({ status: 200, json: [] })],
  ['POST', /^pulls\/(?<number>\d+)\/requested_reviewers$/, requestReviewers],
  ['POST', /^issues\/(?<number>\d+)\/labels$/, label],
  ['GET', /^issues\/(?<number>\d+)\/comments$/, ({ pull }) => ({ status: 200, json: pull.comments.map(comment) })],
  ['POST', /^issues\/(?<number>\d+)\/comments$/, addComment],
  ['GET', /^commits\/(?<name>[^/]+)\/check-runs$/, listChecks],
  ['POST', /^check-runs$/, addCheck],
  ['PATCH', /^check-runs\/(?<name>\d+)$/, extendCheck],
]

/** One request's answer, in the words and with the status that GitHub uses. */
export function answer(request: ForgeRequest, state: EmbeddedState, url: string): Reply {
  const { address, method } = request
  const page = /^\/([^/]+\/[^/]+)\/pull\/(\d+)$/.exec(address.pathname)
  if (page) return readable(pullOf(state, page[1], Number(page[2])))

  const [, repository, , rest = ''] = /^\/repos\/([^/]+\/[^/]+)(\/(.*))?$/.exec(address.pathname) ?? []
  if (repository === undefined) return notFound
  if (!request.authorized) return { status: 401, json: { message: 'Requires authentication' } }
  for (const [wanted, path, route] of ROUTES) {
    const found = method === wanted ? path.exec(rest) : null
    if (!found) continue
    const { number, name = '' } = found.groups ?? {}
    const pull = pullOf(state, repository, Number(number))
    if (number !== undefined && pull === undefined) return notFound
    const call = { state, repository, name, body: fields(request.body), address, url }
    return route({ ...call, pull: pull as EmbeddedPullRequest })
  }
  return notFound
}

const documentation_url = 'https://docs.github.com/rest'
const notFound: Reply = { status: 404, json: { message: 'Not Found', documentation_url } }

function pullOf({ pulls }: EmbeddedState, repository: string | undefined, number: number) {
  return pulls.find((pull) => pull.repository === repository && pull.number === number)
}

function invalid(field: string, message?: string): Reply {
  const error = { resource: 'PullRequest', field, code: message === undefined ? 'missing_field' : 'custom', message }
  return { status: 422, json: { message: 'Validation Failed', errors: [error], documentation_url } }
}

function fields(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

function list({ address: { searchParams }, state: { pulls }, repository }: Call): Reply {
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

function create({ body, state: { pulls }, repository, url }: Call): Reply {
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
  const pull: EmbeddedPullRequest = {
    repository,
    number,
    url: `${url}/${repository}/pull/${number}`,
    head: branch,
    base,
    title,
    body: text,
    state: 'open',
    labels: [],
    comments: [],
    reviewers: [],
    teams: [],
  }
  pulls.push(pull)
  return { status: 201, json: view(pull) }
}

const tooLong = invalid('body', `body is too long (maximum is ${MAX_BODY} characters)`)

function update({ body: { title, body, state }, pull }: Call): Reply {
  if (typeof body === 'string' && body.length > MAX_BODY) return tooLong
  if (typeof title === 'string') pull.title = title
  if (typeof body === 'string') pull.body = body
  if (state === 'open' || state === 'closed') pull.state = state
  return { status: 200, json: view(pull) }
}

/** The texts of a list, each once, after those that are there. */
function added(to: string[], names: unknown): string[] {
  return [...new Set([...to, ...(Array.isArray(names) ? names.map(String) : [])])]
}

function label({ body, pull }: Call): Reply {
  pull.labels = added(pull.labels, body['labels'])
  return { status: 200, json: pull.labels.map((name) => ({ name })) }
}

function requestReviewers({ body, pull }: Call): Reply {
  pull.reviewers = added(pull.reviewers, body['reviewers'])
  pull.teams = added(pull.teams, body['team_reviewers'])
  if (pull.reviewers.includes(USER)) {
    return invalid('reviewers', 'Review cannot be requested from pull request author.')
  }
  return { status: 201, json: view(pull) }
}

function addComment({ body, pull }: Call): Reply {
  if (typeof body['body'] !== 'string' || body['body'] === '') return invalid('body')
  pull.comments.push(body['body'])
  return { status: 201, json: comment(body['body']) }
}

function comment(body: string): object {
  return { body, user: { login: USER } }
}

function listChecks({ state: { checks }, repository, name, address: { searchParams } }: Call): Reply {
  const wanted = searchParams.get('check_name')
  const found = checks.filter(
    (check) => check.repository === repository && check.commit === name && (wanted === null || check.name === wanted),
  )
  return {
    status: 200,
    json: { total_count: found.length, check_runs: found.map((check) => checkView(check, checks.indexOf(check))) },
  }
}

function addCheck({ body, state: { checks }, repository }: Call): Reply {
  const { title, annotations } = fields(body['output'])
  const [name, commit, conclusion] = [String(body['name']), String(body['head_sha']), String(body['conclusion'])]
  const check: EmbeddedCheck = { repository, commit, name, conclusion, title: String(title), annotations: [] }
  check.annotations.push(...((annotations ?? []) as EmbeddedCheck['annotations']))
  checks.push(check)
  return { status: 201, json: checkView(check, checks.length - 1) }
}

/** More annotations are added to those that are there. */
function extendCheck({ body, state: { checks }, name }: Call): Reply {
  const check = checks[Number(name) - 1]
  if (check === undefined) return notFound
  check.annotations.push(...((fields(body['output'])['annotations'] ?? []) as EmbeddedCheck['annotations']))
  return { status: 200, json: checkView(check, Number(name) - 1) }
}

function checkView({ name, commit, conclusion, title, annotations }: EmbeddedCheck, index: number): object {
  const output = { title, summary: '', annotations_count: annotations.length }
  return { id: index + 1, name, head_sha: commit, status: 'completed', conclusion, output }
}

function view(pull: EmbeddedPullRequest): object {
  const owner = pull.repository.split('/')[0]
  return {
    number: pull.number,
    state: pull.state,
    title: pull.title,
    body: pull.body,
    html_url: pull.url,
    user: { login: USER },
    head: { label: `${owner}:${pull.head}`, ref: pull.head },
    base: { label: `${owner}:${pull.base}`, ref: pull.base },
    labels: pull.labels.map((name) => ({ name })),
    requested_reviewers: pull.reviewers.map((login) => ({ login })),
    requested_teams: pull.teams.map((slug) => ({ slug })),
  }
}

/** The page that `html_url` names: there is no renderer here, so the text as it is. */
function readable(pull: EmbeddedPullRequest | undefined): Reply {
  if (pull === undefined) return notFound
  return { status: 200, text: `#${pull.number} ${pull.title} (${pull.state})\n\n${pull.body}\n` }
}
