import * as assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, skip } from './checks.ts'
import type { Kubectl, KubernetesObject } from './kubectl.ts'
import { until } from './processes.ts'

/**
 * Server-side apply of what `synth` wrote for one environment, twice.
 * @param folder of one environment: `dist/<environment>`
 */
export async function checkApply(kubectl: Kubectl, folder: string, name: string): Promise<void> {
  // kubectl goes by file name; Argo CD knows that a Namespace comes first.
  const first = filesOf(folder, 'Namespace')
  const files = [...first, folder].flatMap((path) => ['-f', path])
  const apply = () => kubectl.call(['apply', '--server-side', '--recursive', ...files])

  await check(`${name}: the API server accepts every object, without a warning`, () => {
    const { status, stderr } = apply()
    assert.equal(stderr.trim(), '')
    assert.equal(status, 0)
  })

  const nodes = kubectl.list('nodes').length
  const needed = 'nodes: kube-controller-manager, kube-scheduler and kwok, built with go'
  if (nodes === 0) skip(`Deployments that become Available need ${needed}`)
  // A Rollout is in the place of the Deployment where Argo Rollouts is asked for; its controller is not here.
  else if (filesOf(folder, 'Deployment').length > 0) {
    await check(`${name}: its Deployments become Available on ${nodes} nodes`, () => {
      const namespaces = new Set(applied(kubectl, folder, 'Deployment').map(({ metadata }) => metadata.namespace ?? ''))
      for (const namespace of namespaces) {
        kubectl.run('wait', 'deployment', '--all', '-n', namespace, '--for=condition=Available', '--timeout=60s')
      }
    })
  }

  await check(`${name}: a second apply changes nothing`, () => {
    const before = fingerprints(applied(kubectl, folder))
    assert.ok(before.size > 0, 'there are no objects')
    apply()
    const after = fingerprints(applied(kubectl, folder))
    assert.deepEqual(
      [...after.keys()].filter((object) => after.get(object) !== before.get(object)),
      [],
    )
    assert.equal(after.size, before.size)
  })
}

/** Begins to remove it again; `allRemoved` waits for the end. */
export function removeApplied(kubectl: Kubectl, folder: string): void {
  // Nobody is there to carry out what a finalizer asks for.
  for (const application of kubectl.list('applications.argoproj.io', '--all-namespaces')) {
    const { name, namespace = '' } = application.metadata
    const patch = JSON.stringify({ metadata: { finalizers: null } })
    kubectl.run('patch', 'applications.argoproj.io', name, '-n', namespace, '--type=merge', '-p', patch)
  }
  kubectl.run('delete', '--recursive', '--ignore-not-found', '--wait=false', '-f', folder)
}

/** Until every Namespace that is being deleted is gone, so that what Argo CD does next starts from nothing. */
export async function allRemoved(kubectl: Kubectl): Promise<void> {
  const left = () => kubectl.list('namespaces').filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
  const explain = () => JSON.stringify(left(), ['metadata', 'name', 'status', 'conditions', 'type', 'message'])
  await until('the Namespaces are gone', () => left().length === 0, { seconds: 120, explain })
}

/** Files of a folder that hold an object of a kind. */
function filesOf(folder: string, kind: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith('.yaml') && new RegExp(`^kind: ${kind}$`, 'm').test(readFileSync(path, 'utf8')))
}

/** Objects of a folder as the cluster has them. */
function applied(kubectl: Kubectl, folder: string, kind?: string): KubernetesObject[] {
  return kubectl.list('--recursive', '-f', folder).filter((object) => kind === undefined || object.kind === kind)
}

/** What changes whenever the object is written, except by its controller. */
function fingerprints(objects: KubernetesObject[]): Map<string, string> {
  return new Map(
    objects.map(({ status, ...object }) => {
      const { resourceVersion, generation: _, managedFields: __, ...metadata } = object.metadata
      // An autoscaler writes it, and nobody else may.
      const { replicas: ___, ...spec } = object.spec ?? {}
      const written = status === undefined ? resourceVersion : JSON.stringify({ ...object, metadata, spec })
      return [`${object.kind} ${metadata.namespace ?? ''}/${metadata.name}`, written]
    }),
  )
}

/** Folders of environments below a dist/. */
export function environmentsOf(dist: string): string[] {
  return readdirSync(dist, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}
