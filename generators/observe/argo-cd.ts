import { execFile } from 'node:child_process'
import type { DefinedEnvironment } from '../definitions/index.ts'
import type { Known } from '../gates/index.ts'
import { redact } from '../git/index.ts'
import { exchange, reasonOf } from './exchange.ts'
import { type TokenRecipients, tokenFor } from './recipients.ts'

/** Milliseconds. */
const TIMEOUT = 10_000
/** Some thousand Applications with the state of their objects. */
const MAX_BYTES = 64 * 1024 * 1024

/** What Argo CD says of one Application. */
export interface ApplicationState {
  name: string
  /** Folder of the repository that it syncs. */
  path: string
  /** `Synced`, `OutOfSync` or `Unknown`. */
  sync: string
  /** `Healthy`, `Progressing`, `Degraded`, ... */
  health: string
  /** Commit that was compared last. */
  revision: string
}

interface Application {
  metadata?: { name?: string }
  spec?: { source?: { path?: string } }
  status?: { sync?: { status?: string; revision?: string }; health?: { status?: string } }
}

/**
 * Every Application of the Argo CD that syncs an environment: by its REST API (`GET /api/v1/applications`) where environment.ts names
 * a server, with the token in `ARGOCD_AUTH_TOKEN` if it is one of `recipients`; else by `kubectl`, with whatever cluster and rights it has. Never throws.
 */
export async function applicationsOf(
  { argocd }: DefinedEnvironment,
  recipients: TokenRecipients,
): Promise<Known<ApplicationState[]>> {
  const answer =
    argocd.server === undefined
      ? await askKubectl(argocd.namespace ?? 'argocd')
      : await askServer(argocd.server, recipients)
  if ('unknown' in answer) return answer
  const { items } = (answer.value ?? {}) as { items?: Application[] | null }
  if (items === undefined) return { unknown: 'what answered is no Argo CD' }
  return { value: (items ?? []).map(stateOf) }
}

function stateOf({ metadata, spec, status }: Application): ApplicationState {
  return {
    name: metadata?.name ?? '',
    path: spec?.source?.path ?? '',
    sync: status?.sync?.status ?? 'Unknown',
    health: status?.health?.status ?? 'Unknown',
    revision: status?.sync?.revision ?? '',
  }
}

async function askServer(server: string, recipients: TokenRecipients): Promise<Known<unknown>> {
  const { token, withheld } = tokenFor('ARGOCD_AUTH_TOKEN', server, recipients)
  if (!token) return { unknown: withheld ?? 'ARGOCD_AUTH_TOKEN is not set' }
  try {
    const url = new URL('api/v1/applications', server.endsWith('/') ? server : `${server}/`)
    const headers = { authorization: `Bearer ${token}` }
    const response = await exchange(url, { headers }, MAX_BYTES)
    if (!response.ok) return { unknown: `Argo CD answered ${response.status}` }
    return { value: JSON.parse(response.text) }
  } catch (error) {
    return { unknown: `Argo CD could not be asked (${reasonOf(error)})` }
  }
}

function askKubectl(namespace: string): Promise<Known<unknown>> {
  const args = [
    'get',
    'applications.argoproj.io',
    '--namespace',
    namespace,
    '--output',
    'json',
    `--request-timeout=${TIMEOUT / 1000}s`,
  ]
  return new Promise((resolve) => {
    execFile('kubectl', args, { maxBuffer: MAX_BYTES, timeout: 2 * TIMEOUT }, (error, stdout, stderr) => {
      if (!error) return resolve(parsed(stdout))
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      const said = stderr.trim().split('\n').at(-1) ?? error.message
      resolve({
        unknown: missing ? 'no argocd.server in environment.ts, and no kubectl here' : `kubectl: ${redact(said)}`,
      })
    })
  })
}

function parsed(text: string): Known<unknown> {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return { unknown: 'kubectl printed no JSON' }
  }
}
