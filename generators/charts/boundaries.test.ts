import { App } from 'cdk8s'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PlannedEnvironment } from '../repository/index.ts'
import { type Manifest, modelObjects } from '../testing/objects.ts'
import { environmentText, FILES, withRepository } from '../testing/repository-fixture.ts'
import { ArgoCdChart, BootstrapChart } from './argocd/argocd-chart.ts'

/** Production in the given revision of the output. */
async function production(revision: number, properties: string[], look: (environment: PlannedEnvironment) => void) {
  const text = environmentText('production', { promotesFrom: 'staging', properties })
  await withRepository(
    { [FILES.production]: text.replace('revision: 1', `revision: ${revision}`) },
    async ({ load }) => {
      const { plan, findings } = await load()
      assert.equal(findings, [])
      const environment = plan.environments.find(({ definition }) => definition.name === 'production')
      if (!environment) throw new Error('not planned')
      look(environment)
    },
  )
}

function argoObjects(environment: PlannedEnvironment) {
  const synced: Manifest[] = new ArgoCdChart(new App(), 'argocd', { environment }).toJson()
  const applied: Manifest[] = new BootstrapChart(new App(), 'root', { environment: environment.definition }).toJson()
  return { synced, applied }
}

const kinds = (objects: Manifest[]) => objects.map(({ kind }) => kind)
const project = (objects: Manifest[], name: string): Manifest => {
  return objects.find(({ kind, metadata }) => kind === 'AppProject' && metadata.name === name)
}

test('from revision 3 on, nothing that Git syncs can make a project or another namespace', async () => {
  const properties = ["scheduling: { priorityClass: { name: 'models', value: 1000 } }"]
  await production(3, properties, (environment) => {
    const { synced, applied } = argoObjects(environment)
    assert.not.ok(kinds(synced).includes('AppProject'))
    const root = project(applied, 'production-root')
    assert.equal(root.spec.namespaceResourceWhitelist, [{ group: 'argoproj.io', kind: 'Application' }])
    assert.equal(root.spec.clusterResourceWhitelist, [])
    const own = project(applied, 'production')
    assert.equal(own.spec.clusterResourceWhitelist, [
      { group: '', kind: 'Namespace', name: 'models-production' },
      { group: 'scheduling.k8s.io', kind: 'PriorityClass', name: 'models' },
    ])
    // The root made it up to revision 2 and would prune it.
    assert.is(own.metadata.annotations['argocd.argoproj.io/sync-options'], 'Prune=false,Delete=false')
  })
  const owners = ["namespace: { byOwner: { cellar: 'wines', kitchen: 'food' } }"]
  await production(3, owners, (environment) => {
    const { synced, applied } = argoObjects(environment)
    assert.not.ok(kinds(synced).includes('AppProject'))
    const names = project(applied, 'production').spec.clusterResourceWhitelist.map(({ name }: Manifest) => name)
    assert.equal(names, ['wines', 'food'])
    assert.ok(project(applied, 'production.wines') && project(applied, 'production.food'))
  })
  await production(2, [], (environment) => assert.ok(kinds(argoObjects(environment).synced).includes('AppProject')))
})

interface Caller {
  namespace: string
  labels?: Record<string, string>
}

/** Whether a NetworkPolicy lets a pod of the cluster in at a port, as Kubernetes decides it: any rule, any of its peers. */
function letsIn(policy: Manifest, { namespace, labels = {} }: Caller, port: number): boolean {
  const matches = (selector: Manifest, given: Record<string, string>) =>
    Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => given[key] === value)
  return (policy.spec.ingress ?? []).some(({ from, ports }: Manifest) => {
    const open = ports.some((one: Manifest) => one.port === port)
    const peers = from ?? [{ namespaceSelector: {}, podSelector: {} }]
    return (
      open &&
      peers.some(({ namespaceSelector, podSelector }: Manifest) => {
        const here = namespaceSelector ?? { matchLabels: { 'kubernetes.io/metadata.name': 'models-production' } }
        return matches(here, { 'kubernetes.io/metadata.name': namespace }) && matches(podSelector, labels)
      })
    )
  })
}

const STRANGER = { namespace: 'default' }
const NEIGHBOUR = { namespace: 'models-production', labels: { app: 'other' } }
const PROMETHEUS = { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } }
const GATEWAY = { namespace: 'gateways' }
const SHOP = { namespace: 'shop', labels: { app: 'web' } }

async function lettingIn(revision: number, properties: string[]) {
  let found: Record<string, boolean[]> = {}
  await production(revision, properties, ({ models: [model] }) => {
    if (!model) throw new Error('no model')
    const { NetworkPolicy: policy, Deployment: deployment } = modelObjects(model)
    const { ports, readinessProbe } = deployment.spec.template.spec.containers[0]
    const management = ports.find(({ name }: Manifest) => name === readinessProbe.httpGet.port).containerPort
    const callers = { STRANGER, NEIGHBOUR, PROMETHEUS, GATEWAY, SHOP }
    found = Object.fromEntries(
      Object.entries(callers).map(([name, caller]) => [
        name,
        [letsIn(policy, caller, 8080), letsIn(policy, caller, management)],
      ]),
    )
    assert.is(management === 8080, revision < 3)
  })
  return found
}

test('from revision 3 on, predictions are for the Gateway and who is named, metrics for Prometheus', async () => {
  const nobody = { STRANGER: [false, false], NEIGHBOUR: [false, false], GATEWAY: [false, false], SHOP: [false, false] }
  const scraped = { PROMETHEUS: [false, true] }
  assert.equal(await lettingIn(3, []), { ...nobody, ...scraped })
  const routed = ["traffic: { engine: 'gateway-api', gateway: 'gateways/public', host: 'models.example.com' }"]
  assert.equal(await lettingIn(3, routed), { ...nobody, ...scraped, GATEWAY: [true, false] })
  const named = ["network: { from: [{ namespace: 'shop', labels: { app: 'web' } }] }"]
  assert.equal(await lettingIn(3, named), { ...nobody, ...scraped, SHOP: [true, false] })
  const all = ["network: { from: 'cluster', metricsFrom: [{ namespace: 'shop' }] }"]
  const everybody = Object.fromEntries(
    Object.keys({ ...nobody, ...scraped }).map((name) => [name, [true, name === 'SHOP']]),
  )
  assert.equal(await lettingIn(3, all), everybody)
  const open = Object.fromEntries(Object.keys({ ...nobody, ...scraped }).map((name) => [name, [true, true]]))
  assert.equal(await lettingIn(1, []), open)
})

test.run()
