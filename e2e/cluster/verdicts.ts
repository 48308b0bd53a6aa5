import * as assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join, relative, resolve } from 'node:path'
import { parse, parseDocument } from 'yaml'
import { commandLine, REPOSITORY } from '../../generators/testing/example-repository.ts'
import type { ManifestValidation } from '../../generators/validation/index.ts'
import { check } from './checks.ts'
import type { Kubectl } from './kubectl.ts'

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority': string } }[]
  users: { user: { token: string } }[]
}

/** Where objects of a kind are made; `{}` is the namespace. */
const COLLECTIONS: Record<string, string> = {
  ConfigMap: 'api/v1/namespaces/{}/configmaps',
  CronJob: 'apis/batch/v1/namespaces/{}/cronjobs',
  Deployment: 'apis/apps/v1/namespaces/{}/deployments',
  HorizontalPodAutoscaler: 'apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers',
  Ingress: 'apis/networking.k8s.io/v1/namespaces/{}/ingresses',
  Job: 'apis/batch/v1/namespaces/{}/jobs',
  Namespace: 'api/v1/namespaces',
  NetworkPolicy: 'apis/networking.k8s.io/v1/namespaces/{}/networkpolicies',
  PersistentVolumeClaim: 'api/v1/namespaces/{}/persistentvolumeclaims',
  PodDisruptionBudget: 'apis/policy/v1/namespaces/{}/poddisruptionbudgets',
  Role: 'apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles',
  RoleBinding: 'apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings',
  Service: 'api/v1/namespaces/{}/services',
  ServiceAccount: 'api/v1/namespaces/{}/serviceaccounts',
}

/** Namespace of the corpus' objects. */
const NAMESPACE = 'shop'
/** Rules about one object alone: what it says of another is no question to a server that keeps none of them. */
const ALONE = new Set(['schema-invalid', 'yaml-syntax', 'schema-unknown-kind'])

interface Label {
  fault: string
  where: string
}

/** `modelyard validate` beside the API server (dry run, strict) on the seeded objects of e2e/validate, half of them with a fault each. */
export async function checkVerdicts(kubectl: Kubectl, folder: string, count: number): Promise<void> {
  await check(`modelyard validate and the API server agree on ${count} objects, half of them broken`, async () => {
    execFileSync(process.execPath, ['--import', 'tsx', 'e2e/validate/corpus.ts', folder, `${count}`], {
      cwd: REPOSITORY,
    })
    const labels = JSON.parse(readFileSync(`${folder}.labels.json`, 'utf8')) as Record<string, Label>
    kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
    const ours = verdictsOfOurs(folder)
    const theirs = await verdictsOfServer(kubectl, folder, labels)
    assert.equal(theirs.size, count)
    const differences = Object.entries(labels).flatMap(([name, { fault, where }]) => {
      const [mine, refusal] = [ours.get(name), theirs.get(name)]
      if ((mine === undefined) === (refusal === undefined)) return []
      return [`${name}, ${fault} at ${where}: ${mine ? `false alarm: ${mine}` : `missed: ${refusal}`}`]
    })
    assert.deepEqual(differences, [])
    kubectl.run('delete', 'namespace', NAMESPACE, '--wait=false')
  })
}

/** What is wrong with a file, by its name; a file that is not in it is valid. */
function verdictsOfOurs(folder: string): Map<string, string> {
  const [program = '', ...args] = commandLine('validate', '--json', folder)
  const { stdout } = spawnSync(program, args, { cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 2 ** 28 })
  const { findings } = JSON.parse(stdout) as ManifestValidation
  return new Map(
    findings
      .filter(({ rule }) => ALONE.has(rule))
      .map((finding) => [
        relative(resolve(folder), resolve(finding.file ?? '')),
        `${finding.rule}: ${finding.message}`,
      ]),
  )
}

/** Why the API server refuses a file, undefined when it does not, by its name. */
async function verdictsOfServer(
  kubectl: Kubectl,
  folder: string,
  labels: Record<string, Label>,
): Promise<Map<string, string | undefined>> {
  const { clusters, users } = parse(readFileSync(kubectl.kubeconfig, 'utf8')) as Kubeconfig
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user]
  if (!cluster || !user) throw new Error(`${kubectl.kubeconfig} names no cluster and user`)
  const agent = new Agent({ ca: readFileSync(cluster['certificate-authority']), keepAlive: true, maxSockets: 4 })
  const headers = { authorization: `Bearer ${user.token}`, 'content-type': 'application/yaml' }
  const verdicts = new Map<string, string | undefined>()
  const names = Object.keys(labels)
  const judge = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const text = readFileSync(join(folder, name), 'utf8')
      const [original = ''] = labels[name]?.where.split(' ') ?? []
      const path = (COLLECTIONS[original] ?? '').replace('{}', NAMESPACE)
      const url = `${cluster.server}/${path}?dryRun=All&fieldValidation=Strict`
      const { code, message } = await create(url, text, { agent, headers })
      // Without a kind a client does not know where to send the object. A Namespace that exists is a fact of this cluster.
      const { apiVersion, kind } = parseDocument(text, { uniqueKeys: false }).toJS()
      const isSent = apiVersion !== undefined && kind !== undefined
      verdicts.set(name, isSent && (code === 201 || code === 409) ? undefined : `${code} ${message}`)
    }
  }
  await Promise.all([judge(), judge(), judge(), judge()])
  agent.destroy()
  return verdicts
}

/** Asks a server to make an object. */
function create(url: string, body: string, options: { agent: Agent; headers: Record<string, string> }) {
  return new Promise<{ code: number; message: string }>((done, failed) => {
    const call = request(url, { ...options, method: 'POST' }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      answer.on('end', () => done({ code: answer.statusCode ?? 0, message: messageOf(text) }))
    })
    call.on('error', failed)
    call.end(body)
  })
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? ''
  } catch {
    return text
  }
}
