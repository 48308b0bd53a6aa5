import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { thingDefinition } from '../testing/thing-definition.ts'
import { validateManifests } from '../validate-manifests.ts'

const test = suite('lists of custom resources whose items must differ')

const CRD = thingDefinition(`type: object
properties:
  ports:
    type: array
    x-kubernetes-list-type: map
    x-kubernetes-list-map-keys: [number, protocol]
    items:
      type: object
      properties: { number: { type: integer }, protocol: { type: string, default: TCP }, note: { type: string } }
  names: { type: array, x-kubernetes-list-type: set, items: { type: string } }
  steps: { type: array, x-kubernetes-list-type: atomic, items: { type: string } }
  teams:
    type: object
    additionalProperties: { type: array, x-kubernetes-list-type: set, items: { type: integer } }`)

/** What is found of a Thing with this spec, which begins at line 5. */
async function found(spec: string): Promise<string[]> {
  return findingsOf(`apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\nspec:\n${spec}`)
}

async function findingsOf(text: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-lists-'))
  try {
    const [crd, file] = [join(folder, 'crd.yaml'), join(folder, 'a.yaml')]
    writeFileSync(crd, CRD)
    writeFileSync(file, text)
    const { findings } = await validateManifests([file], { schema: [crd] })
    return findings
      .filter(({ severity }) => severity === 'error')
      .map(({ rule, line, path, message }) => `${rule} ${line} ${path}: ${message}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('two items of equal keys are told at the second, the defaults of keys filled in', async () => {
  const first = '  ports:\n    - { number: 80, protocol: UDP }\n    - number: 80\n'
  assert.equal(await found(`${first}    - { number: 81 }\n`), [])
  assert.equal(await found(`${first}    - note: one\n      number: 80\n      protocol: TCP\n`), [
    'name-duplicate 8 spec.ports[2]: spec.ports[2]: there is another item with number 80, protocol TCP before it',
  ])
})

test('two items without a key are the same', async () => {
  assert.equal(await found('  ports:\n    - note: one\n    - note: two\n'), [
    'name-duplicate 7 spec.ports[1]: spec.ports[1]: there is another item with no number, protocol TCP before it',
  ])
})

test('a set holds an item once, below maps too; a list that is neither may hold it twice', async () => {
  assert.equal(await found('  names: [a, b]\n  steps: [a, a]\n  teams: { one: [1], two: [1] }\n'), [])
  assert.equal(await found('  names: [a, b, a]\n  teams:\n    one: [1, 2]\n    two: [2, 2]\n'), [
    'name-duplicate 5 spec.names[2]: spec.names[2]: there is another "a" before it',
    'name-duplicate 8 spec.teams.two[1]: spec.teams.two[1]: there is another 2 before it',
  ])
})

test('the bundled kinds have their lists, and what rules of pods say too is told once', async () => {
  const rollout = (port: number) => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: a, namespace: web }
spec:
  selector: { matchLabels: { app: a } }
  strategy: { canary: {} }
  template:
    metadata: { labels: { app: a } }
    spec:
      containers:
        - name: web
          image: web:1
          ports:
            - containerPort: 8080
            - containerPort: ${port}
`
  const told = async (port: number) => (await findingsOf(rollout(port))).filter((said) => said.startsWith('name-'))
  assert.equal(await told(8081), [])
  assert.equal(
    (await told(8080)).map((said) => said.split(': ')[0]),
    ['name-duplicate 15 spec.template.spec.containers[0].ports[1]'],
  )
  const gateway = (name: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: a, namespace: web }
spec:
  gatewayClassName: any
  listeners:
    - { name: http, port: 80, protocol: HTTP }
    - { name: ${name}, port: 81, protocol: HTTP }
`
  assert.equal(await findingsOf(gateway('admin')), [])
  assert.equal(
    (await findingsOf(gateway('http'))).map((said) => said.split(' ', 2).join(' ')),
    ['resource-rule-broken 6', 'name-duplicate 8'],
  )
})

test.run()
