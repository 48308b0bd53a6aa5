import { POD } from '../../contract/index.ts'
import type { Authenticator } from '../../security/index.ts'
import { json } from './responses.ts'

/** How this server may be reached. */
export interface Access {
  /** Absent: nobody needs a key. */
  authenticator?: Authenticator
  /** Probes and metrics are on a port of their own. */
  ownManagement: boolean
}

type Document = { paths: Record<string, Record<string, object>>; components: object }

const PROBES: readonly string[] = [POD.livenessPath, POD.startupPath, POD.readinessPath]

/** The same questions in the words of other protocols, on the port of the models. */
const OTHER_PROBES: readonly string[] = ['/v2/health/live', '/v2/health/ready', '/ping', '/health']

/** The document without what another port answers, and with the keys that operations need. */
export function withAccess(document: Document, { authenticator, ownManagement }: Access): Document {
  const paths = Object.entries(document.paths).filter(
    ([path]) => !ownManagement || !(PROBES.includes(path) || path === POD.metricsPath),
  )
  if (authenticator === undefined) return { ...document, paths: Object.fromEntries(paths) }
  const schemes = {
    bearer: { type: 'http', scheme: 'bearer' },
    apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
  }
  const keyed = paths.map(([path, item]) => {
    const operations = Object.entries(item).map(([method, operation]) => [
      method,
      isOpen(path, authenticator) ? operation : withKey(operation),
    ])
    return [path, Object.fromEntries(operations)]
  })
  return {
    ...document,
    paths: Object.fromEntries(keyed),
    components: { ...document.components, securitySchemes: schemes },
  }
}

function isOpen(path: string, authenticator: Authenticator): boolean {
  if (path === POD.metricsPath) return !authenticator.protects('metrics')
  return (PROBES.includes(path) || OTHER_PROBES.includes(path)) && !authenticator.protects('probes')
}

function withKey(operation: object): object {
  const { responses } = operation as { responses: object }
  const refused = json('no valid key', { $ref: '#/components/schemas/Error' })
  return { ...operation, security: [{ bearer: [] }, { apiKey: [] }], responses: { ...responses, '401': refused } }
}
