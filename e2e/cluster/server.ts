import * as assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { stringify } from 'yaml'
import { commandLine, REPOSITORY } from '../../generators/testing/example-repository.ts'
import type { ManifestValidation } from '../../generators/validation/index.ts'
import { check } from './checks.ts'
import type { Kubectl } from './kubectl.ts'
import { freePorts } from './processes.ts'

/** `modelyard validate --server` on what is applied already: a server that has it has nothing against it. */
export async function checkServerTakes(kubectl: Kubectl, folder: string, name: string): Promise<void> {
  await check(`${name}: validate --server finds nothing`, () => {
    const { findings, server } = validate(kubectl, kubectl.kubeconfig, folder)
    assert.ok(server)
    assert.deepEqual(serverFindings(findings, folder), [])
  })
}

/** What the server refuses and warns of stands at its line; a server that is not there is no verdict. */
export async function checkServer(kubectl: Kubectl, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const [file, text] of Object.entries(FILES)) writeFileSync(join(folder, file), text)

  await check('validate --server tells what the server refuses and warns of at its line', () => {
    const { status, findings } = validate(kubectl, kubectl.kubeconfig, folder)
    assert.equal(status, 1)
    assert.deepEqual(serverFindings(findings, folder), EXPECTED)
    assert.deepEqual(toldByUs(findings, folder), TOLD_BY_US)
  })

  await check('validate --server could not check, exit 2, where nobody listens', async () => {
    const [port] = await freePorts(1)
    const kubeconfig = join(folder, 'nobody.kubeconfig')
    writeFileSync(kubeconfig, kubeconfigOf(`https://127.0.0.1:${port}`))
    const good = join(folder, 'good.yaml')
    const { status, findings } = validate(kubectl, kubeconfig, good)
    assert.equal(status, 2)
    assert.match(findings.map(({ message }) => message).join(), /cannot be asked about 2 objects: .*connection refused/)
    const unknown = validate(kubectl, kubectl.kubeconfig, good, '--context', 'nowhere')
    assert.equal(unknown.status, 2)
    assert.match(unknown.findings.map(({ message }) => message).join(), /nowhere/)
  })
}

function validate(kubectl: Kubectl, kubeconfig: string, input: string, ...options: string[]) {
  const [program = '', ...args] = commandLine('validate', input, '--server', '--json', ...options)
  const PATH = `${dirname(resolve(kubectl.program))}${delimiter}${process.env['PATH']}`
  const env = { ...process.env, PATH, KUBECONFIG: kubeconfig }
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: REPOSITORY,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (stdout === '') throw new Error(stderr)
  return { status, ...(JSON.parse(stdout) as ManifestValidation) }
}

function serverFindings(findings: ManifestValidation['findings'], folder: string): string[] {
  return findings
    .filter(({ rule }) => rule.startsWith('server-'))
    .map(({ rule, file = '', line, message }) => {
      return `${relative(resolve(folder), resolve(REPOSITORY, file))}:${line} ${rule} ${message}`
    })
}

/** Lines of what the server refuses and our rules say too, which is told once. */
function toldByUs(findings: ManifestValidation['findings'], folder: string): string[] {
  return findings
    .filter(({ rule }) => ['name-duplicate', 'resource-rule-broken', 'schema-invalid'].includes(rule))
    .map(({ rule, file = '', line }) => `${relative(resolve(folder), resolve(REPOSITORY, file))}:${line} ${rule}`)
}

function kubeconfigOf(server: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'nobody', cluster: { server } }],
    contexts: [{ name: 'nobody', context: { cluster: 'nobody', user: 'nobody' } }],
    users: [{ name: 'nobody', user: { token: 'none' } }],
    'current-context': 'nobody',
  })
}

const FILES = {
  'good.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: good, namespace: default }
data: { a: b }
---
apiVersion: v1
kind: ConfigMap
metadata: { generateName: good-, namespace: default }
`,
  'deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: broken, namespace: default }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
    spec:
      nodeSelector:
        beta.kubernetes.io/os: linux
      containers:
        - name: web
          image: web
          imagePullPolicy: Sometimes
        - name: web
          image: web
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: broken-two, namespace: default }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: other }
    spec:
      containers:
        - name: web
          image: web
          imagePullPolicy: Sometimes
`,
  'custom.yaml': `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: broken, namespace: default }
spec:
  rules:
    - matches:
        - path:
            type: Exact
            value: relative
---
apiVersion: example.com/v1
kind: Unknown
metadata: { name: broken }
`,
  'namespaces.yaml': `apiVersion: v1
kind: Namespace
metadata: { name: to-be-made }
---
apiVersion: v1
kind: Endpoints
metadata: { name: old, namespace: to-be-made }
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: lost
  namespace: nobody-makes-this
`,
}

const ELSEWHERE = 'the server was asked about its objects in namespace default'
const EXPECTED = [
  'custom.yaml:12 server-refused kind: the server has no kind Unknown in example.com/v1',
  'deployment.yaml:26 server-refused spec.template.metadata.labels: Invalid value: {"app":"other"}: `selector` does not match template `labels`',
  'namespaces.yaml:5 server-warning apiVersion: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  `namespaces.yaml:7 server-namespace-missing namespace to-be-made does not exist on the server yet; the files make it, so that ${ELSEWHERE}`,
  `namespaces.yaml:13 server-namespace-missing namespace nobody-makes-this does not exist on the server, so that ${ELSEWHERE}`,
]
const TOLD_BY_US = [
  'custom.yaml:7 resource-rule-broken',
  'deployment.yaml:15 schema-invalid',
  'deployment.yaml:16 name-duplicate',
  'deployment.yaml:31 schema-invalid',
]
