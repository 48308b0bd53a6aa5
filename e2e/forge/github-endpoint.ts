// One server that is to Modelyard what a GitHub Enterprise is: the REST API below /api/v3, in front of the embedded forge, with
// every request and every response judged by GitHub's description; and the repositories over smart HTTP.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type EmbeddedForge, startEmbeddedForge } from '../../generators/forges/index.ts'
import type { Description } from './description.ts'
import { type Cut, serveGit } from './git-backend.ts'

/** The only one that is let in. */
export const TOKEN = 'ghs_thetokenthatnobodymaysee0123456789'

/** An answer in place of the right one. */
export interface Fault {
  /** `POST /pulls$` */
  when: RegExp
  status: number
  headers?: Record<string, string>
  body?: unknown
  /** How often; afterwards all is well. Default: always. */
  times?: number
  /** The request is carried out, and the answer lost. */
  afterwards?: true
}

export interface Endpoint {
  /** `http://127.0.0.1:1234` */
  url: string
  forge: EmbeddedForge
  /** What the description does not allow, of requests and of responses. */
  violations: string[]
  /** `POST /repos/example/models/pulls` each, in order. */
  calls: string[]
  faults: Fault[]
  /** Answers of the Git side: 401, 403, a cut. */
  git: { status?: number; cut?: Cut }
  /** False: the token is a person's, which may set statuses and write no check runs. */
  isApp: boolean
  statuses: { commit: string; state: string; context: string; description: string }[]
  close(): Promise<void>
}

export async function startEndpoint(description: Description, repositories: string): Promise<Endpoint> {
  const forge = await startEmbeddedForge()
  const endpoint: Endpoint = {
    url: '',
    forge,
    violations: [],
    calls: [],
    faults: [],
    git: {},
    isApp: true,
    statuses: [],
    close: async () => {
      server.closeAllConnections()
      server.close()
      await forge.close()
    },
  }
  const server = createServer((request, response) => {
    const isApi = request.url?.startsWith('/api/v3/')
    if (!isApi) serveRepository(endpoint, request, response, repositories)
    else {
      serveApi(endpoint, description, request, response).catch((error: unknown) => {
        endpoint.violations.push(`the endpoint itself failed: ${error instanceof Error ? error.stack : error}`)
        response.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return endpoint
}

function serveRepository(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse, folder: string): void {
  const { status, cut } = endpoint.git
  const basic = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`
  const isPush = /git-receive-pack/.test(request.url ?? '')
  if (request.headers.authorization !== basic) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('Bad credentials')
  } else if (status !== undefined && isPush) {
    response.writeHead(status).end(status === 403 ? 'Permission to example/models.git denied.' : 'No.')
  } else serveGit(request, response, folder, request.method === 'POST' && isPush ? cut : undefined)
}

async function serveApi(
  endpoint: Endpoint,
  description: Description,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, search, searchParams } = new URL((request.url ?? '').replace('/api/v3', ''), 'http://localhost')
  const method = request.method ?? 'GET'
  const call = `${method} ${pathname}`
  endpoint.calls.push(call)
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  const send = (status: number, body: unknown, headers: Record<string, string> = {}) => {
    const problems = described ? description.responseProblems(described, status, body) : []
    endpoint.violations.push(...problems.map((problem) => `${call}: ${problem}`))
    const json = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(json)
  }

  const described = description.find(method, pathname)
  if (!described) {
    endpoint.violations.push(`${call}: GitHub's description has no such operation`)
    send(404, { message: 'Not Found' })
    return
  }
  const problems = description.requestProblems(described, searchParams, text === '' ? undefined : JSON.parse(text))
  endpoint.violations.push(...problems.map((problem) => `${call}: ${problem}`))
  if (request.headers.authorization !== `token ${TOKEN}`) {
    send(401, { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest', status: '401' })
    return
  }

  const fault = endpoint.faults.find(({ when, times = 1 }) => times > 0 && when.test(call))
  if (fault?.times !== undefined) fault.times--
  const reply = fault && !fault.afterwards ? undefined : await rightAnswer(endpoint, { call, pathname, search, text })
  if (fault) {
    send(fault.status, fault.body ?? { message: `planted ${fault.status}` }, fault.headers)
    return
  }
  if (reply) send(reply.status, description.complete(described, reply.status, reply.body))
}

/** What the embedded forge says; statuses, which it does not know, are kept here. */
async function rightAnswer(
  endpoint: Endpoint,
  { call, pathname, search, text }: { call: string; pathname: string; search: string; text: string },
): Promise<{ status: number; body: unknown }> {
  const { statuses, forge, isApp } = endpoint
  const [, commit = ''] = /\/(?:statuses|commits)\/(\w+)/.exec(pathname) ?? []
  if (/check-runs/.test(pathname) && !isApp) {
    return { status: 403, body: { message: 'You must authenticate via a GitHub App.' } }
  }
  if (/^GET .*\/status$/.test(call)) {
    const mine = statuses.filter((status) => status.commit === commit)
    return {
      status: 200,
      body: { sha: commit, total_count: mine.length, statuses: mine.map(({ commit: _, ...status }) => status) },
    }
  }
  if (/^POST .*\/statuses\//.test(call)) {
    const status = JSON.parse(text)
    statuses.push({ commit, ...status })
    return { status: 201, body: status }
  }
  const [method = ''] = call.split(' ')
  const answer = await fetch(`${forge.url}${pathname}${search}`, {
    method,
    headers: { authorization: 'token any' },
    ...(text !== '' && { body: text }),
  })
  return { status: answer.status, body: await answer.json() }
}
