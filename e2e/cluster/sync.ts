import * as assert from 'node:assert/strict'
import type { ExampleClone } from '../../generators/testing/example-repository.ts'
import { type ArgoCd, statusOf } from './argo-cd.ts'
import { check, skip } from './checks.ts'
import { type Fleet, formerCommit } from './fleet.ts'
import type { Kubectl } from './kubectl.ts'
import { until } from './processes.ts'

const PRODUCTION = 'models'
const DEVELOPMENT = 'models-development'
const PROMOTED = 'diabetes-progression'
const CANARY = 'house-price'
const RETIRED = 'breast-biopsy'

/** The example repository in Git, from its bootstrap to a retired model, each step as a person does it. */
export async function checkSync(kubectl: Kubectl, argoCd: ArgoCd, example: ExampleClone, fleet: Fleet): Promise<void> {
  /** Until Argo CD is where Git is. */
  const settled = async (commit: string) => {
    argoCd.refresh()
    await argoCd.settled(commit, 120)
  }
  /** Ids of the pods of each model, by `namespace/model`: another id is another pod. */
  const pods = () => podsByModel(kubectl)
  const deployment = (namespace: string, model: string) => {
    const found = kubectl.get('deployment', model, namespace)
    if (!found) throw new Error(`there is no Deployment ${namespace}/${model}`)
    return found
  }
  const applyBootstrap = () => {
    for (const name of ['development', 'staging', 'production']) {
      kubectl.run('apply', '--server-side', '-f', `${example.root}/dist/${name}/bootstrap`)
    }
  }

  const former = formerCommit()
  if (former === undefined)
    skip('the former dist/ needs the history of this repository, get it by: git fetch --unshallow')
  else {
    await check('Argo CD syncs the dist/ of the former commit: every Application is Synced and Healthy', async () => {
      fleet.takeDist(former)
      const commit = await fleet.push('dist/ of a former commit')
      applyBootstrap()
      await argoCd.settled(commit, 180)
    })
  }

  const synced = await check(
    'Argo CD syncs the example repository: every Application is Synced and Healthy, and no field was immutable',
    async () => {
      await fleet.modelyard('synth')
      const commit = await fleet.push('dist/ of this commit')
      if (former === undefined) applyBootstrap()
      await settled(commit)
      const failed = argoCd
        .applications()
        .filter((application) => statusOf(application).operationState?.phase !== 'Succeeded')
      assert.deepEqual(
        failed.map(({ metadata }) => metadata.name),
        [],
      )
      assert.deepEqual(Object.keys(pods()).length, 12)
    },
  )
  // Each of the others would wait for its minutes.
  if (!synced) return

  await check('under load the autoscaler adds pods, and Argo CD leaves their number alone', async () => {
    const selector = ['-n', PRODUCTION, '-l', `app.kubernetes.io/name=${PROMOTED}`]
    const before = Number(deployment(PRODUCTION, PROMOTED).spec?.['replicas'])
    kubectl.run('annotate', 'pods', ...selector, 'kwok.x-k8s.io/usage-cpu=4')
    const replicas = () => Number(deployment(PRODUCTION, PROMOTED).spec?.['replicas'])
    const most = Number(kubectl.get('hpa', PROMOTED, PRODUCTION)?.spec?.['maxReplicas'])
    // As far as it goes: on the way there the number would change under the checks that follow.
    await until('the autoscaler adds every pod that it may', () => replicas() === most, {
      seconds: 150,
      explain: () => kubectl.run('describe', 'hpa', PROMOTED, '-n', PRODUCTION),
    })
    assert.ok(most > before, `${before} replicas before the load, ${most} at most`)
    const commit = await fleet.push('A commit that changes nothing')
    argoCd.refresh('hard')
    await argoCd.settled(commit, 120)
    assert.equal(replicas(), most)
  })

  await check('a merged promotion rolls that model alone, with as many pods as the autoscaler wants', async () => {
    const before = pods()
    const replicas = deployment(PRODUCTION, PROMOTED).spec?.['replicas']
    await fleet.modelyard('promote', PROMOTED, '--from', 'staging', '--to', 'production')
    await settled(await fleet.merge(`promote/${PROMOTED}/production`))
    const after = pods()
    assert.notDeepEqual(after[`${PRODUCTION}/${PROMOTED}`], before[`${PRODUCTION}/${PROMOTED}`])
    assert.equal(deployment(PRODUCTION, PROMOTED).spec?.['replicas'], replicas)
    delete after[`${PRODUCTION}/${PROMOTED}`]
    delete before[`${PRODUCTION}/${PROMOTED}`]
    assert.deepEqual(after, before)
  })

  await check('widening a canary changes what the pods read and restarts none', async () => {
    const before = pods()
    const routing = () => JSON.stringify(kubectl.get('configmap', `${CANARY}-routing`, PRODUCTION))
    const former = routing()
    await fleet.modelyard('candidate', CANARY, '--env', 'production', '--weight', '35')
    await settled(await fleet.merge(`candidate/${CANARY}/production`))
    assert.match(routing(), /"weight\\":\s*35/)
    assert.notEqual(routing(), former)
    assert.deepEqual(pods(), before)
  })

  await check('a hand edit in the cluster is healed', async () => {
    const image = (value: string) =>
      JSON.stringify([{ op: 'replace', path: '/spec/template/spec/containers/0/image', value }])
    const imageNow = () => JSON.stringify(deployment(PRODUCTION, CANARY).spec).match(/"image":"([^"]+)"/)?.[1]
    const wanted = imageNow()
    kubectl.run(
      'patch',
      'deployment',
      CANARY,
      '-n',
      PRODUCTION,
      '--type=json',
      '-p',
      image('example.com/edited:by-hand'),
    )
    kubectl.run('delete', 'networkpolicy', CANARY, '-n', PRODUCTION)
    await until('the Deployment is as in Git', () => imageNow() === wanted, { seconds: 90 })
    // The edit had begun to replace pods.
    const isRolledOut = () => {
      const { metadata, spec, status } = deployment(PRODUCTION, CANARY)
      const counts = ['replicas', 'updatedReplicas', 'availableReplicas'].map((name) => status?.[name])
      return (
        status?.['observedGeneration'] === metadata.generation && counts.every((count) => count === spec?.['replicas'])
      )
    }
    await until('its pods are those of Git', isRolledOut, { seconds: 90 })
    const policy = () => kubectl.get('networkpolicy', CANARY, PRODUCTION) !== undefined
    await until('the NetworkPolicy is there again', policy, { seconds: 90 })
  })

  await check('a model that is retired in Git is pruned; its Namespace and the other models stay', async () => {
    const before = pods()
    await fleet.modelyard('retire', RETIRED, '--env', 'development')
    const commit = await fleet.merge(`retire/${RETIRED}/development`)
    await settled(commit)
    const kinds =
      'deployment,service,configmap,serviceaccount,horizontalpodautoscaler,poddisruptionbudget,networkpolicy,pod'
    const left = () => kubectl.list(kinds, '-n', DEVELOPMENT, '-l', `app.kubernetes.io/name=${RETIRED}`)
    await until('its objects are gone', () => left().length === 0, {
      seconds: 60,
      explain: () =>
        left()
          .map(({ kind }) => kind)
          .join(' '),
    })
    await until(
      'its Application is gone',
      () => kubectl.get('applications.argoproj.io', `development-model-${RETIRED}`, 'argocd') === undefined,
      { seconds: 60 },
    )
    assert.equal(kubectl.get('namespace', DEVELOPMENT, '')?.metadata.deletionTimestamp, undefined)
    assert.ok(kubectl.get('namespace', DEVELOPMENT, ''), 'the Namespace is gone')
    delete before[`${DEVELOPMENT}/${RETIRED}`]
    assert.deepEqual(pods(), before)
  })
}

function podsByModel(kubectl: Kubectl): Record<string, string[]> {
  const ids: Record<string, string[]> = {}
  for (const { metadata } of kubectl.list(
    'pods',
    '--all-namespaces',
    '-l',
    'app.kubernetes.io/component=model-server',
  )) {
    if (metadata.deletionTimestamp !== undefined) continue
    const key = `${metadata.namespace}/${metadata.labels?.['app.kubernetes.io/name']}`
    ids[key] = [...(ids[key] ?? []), metadata.uid].sort()
  }
  return ids
}
