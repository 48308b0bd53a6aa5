import * as assert from 'node:assert/strict'
import type { ExampleClone } from '../../generators/testing/example-repository.ts'
import { type ArgoCd, statusOf } from './argo-cd.ts'
import { check } from './checks.ts'
import type { Fleet } from './fleet.ts'
import type { Kubectl } from './kubectl.ts'
import { until } from './processes.ts'

const ENVIRONMENT = 'staging'
const NAMESPACE = 'models-staging'
const MODEL = 'house-price'
const ENGINE =
  "rollouts({ steps: [{ weight: 20 }], route: { gateway: 'gateways/public', host: '{model}.example.com' } })"

/** What Argo CD and Argo Rollouts both write. The controller of the latter is not here: this does what it does. */
export async function checkRollouts(
  kubectl: Kubectl,
  argoCd: ArgoCd,
  example: ExampleClone,
  fleet: Fleet,
): Promise<void> {
  const route = () => kubectl.get('httproutes.gateway.networking.k8s.io', MODEL, NAMESPACE)
  const patch = (value: object[]) =>
    kubectl.run('patch', 'httproute', MODEL, '-n', NAMESPACE, '--type=json', '-p', JSON.stringify(value))
  const weights = () => {
    const [rule] = (route()?.spec?.['rules'] ?? []) as { backendRefs: { weight: number }[] }[]
    return rule?.backendRefs.map(({ weight }) => weight)
  }
  // Not until it is Healthy: without the controller the autoscaler of a Rollout has no pods to look at.
  const synced = async (commit: string) => {
    argoCd.refresh('hard')
    const status = () => {
      const application = kubectl.get('applications.argoproj.io', `${ENVIRONMENT}-model-${MODEL}`, 'argocd')
      return application ? statusOf(application) : {}
    }
    const isSynced = () => {
      const { sync, operationState } = status()
      return sync?.status === 'Synced' && sync.revision === commit && operationState?.phase === 'Succeeded'
    }
    await until(`${MODEL} is Synced`, isSynced, { seconds: 180, explain: () => JSON.stringify(status()) })
  }

  const shifted = await check(
    'a Rollout and its route are there together, since the one waits for the other',
    async () => {
      const file = `environments/${ENVIRONMENT}/environment.ts`
      example.edit(file, 'import { defineEnvironment }', 'import { defineEnvironment, rollouts }')
      example.edit(file, '  argocd,\n', `  argocd,\n  traffic: ${ENGINE},\n`)
      await fleet.modelyard('synth')
      const commit = await fleet.push('Argo Rollouts in staging')
      argoCd.refresh()
      const models = Object.keys(example.tree(`environments/${ENVIRONMENT}/pins`)).length
      for (const kind of ['rollouts.argoproj.io', 'httproutes.gateway.networking.k8s.io']) {
        await until(`${kind} are there`, () => kubectl.list(kind, '-n', NAMESPACE).length === models, { seconds: 120 })
      }
      for (const { metadata } of kubectl.list('rollouts.argoproj.io', '-n', NAMESPACE)) {
        const status = { observedGeneration: `${metadata.generation}`, phase: 'Healthy' }
        const merge = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]
        kubectl.run('patch', 'rollouts.argoproj.io', metadata.name, '-n', NAMESPACE, ...merge)
      }
      argoCd.refresh()
      await synced(commit)
    },
  )
  if (!shifted) return

  await check(
    'weights and selectors that Argo Rollouts has set are left alone, also when another field of the route is healed',
    async () => {
      const at = '/spec/rules/0/backendRefs'
      patch([
        { op: 'replace', path: `${at}/0/weight`, value: 80 },
        { op: 'replace', path: `${at}/1/weight`, value: 20 },
      ])
      const hash = 'rollouts-pod-template-hash'
      const selector = JSON.stringify({ spec: { selector: { [hash]: '5d4c7f9b8' } } })
      kubectl.run('patch', 'service', `${MODEL}-canary`, '-n', NAMESPACE, '--type=merge', '-p', selector)
      const selected = () => {
        const { spec } = kubectl.get('service', `${MODEL}-canary`, NAMESPACE) ?? {}
        return (spec?.['selector'] as Record<string, string> | undefined)?.[hash]
      }
      const commit = await fleet.push('A commit that changes nothing of the route')
      argoCd.refresh('hard')
      await synced(commit)
      assert.deepEqual(weights(), [80, 20])
      assert.equal(selected(), '5d4c7f9b8')

      const hostnames = () => route()?.spec?.['hostnames']
      const wanted = hostnames()
      patch([{ op: 'replace', path: '/spec/hostnames', value: ['edited.example.com'] }])
      await until('the host is as in Git', () => JSON.stringify(hostnames()) === JSON.stringify(wanted), {
        seconds: 90,
      })
      assert.deepEqual(weights(), [80, 20])
      const application = kubectl.get('applications.argoproj.io', `${ENVIRONMENT}-model-${MODEL}`, 'argocd')
      assert.ok(application)
      assert.equal(statusOf(application).operationState?.phase, 'Succeeded')
    },
  )
}
