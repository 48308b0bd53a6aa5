import { App } from 'cdk8s'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PlannedEnvironment } from '../../repository/index.ts'
import { modelObjects } from '../../testing/objects.ts'
import { environmentText, FILES, withRepository } from '../../testing/repository-fixture.ts'
import { EnvironmentChart } from '../environment/environment-chart.ts'
import { ArgoCdChart, BootstrapChart } from './argocd-chart.ts'

const MANAGED = { 'app.kubernetes.io/managed-by': 'modelyard', 'app.kubernetes.io/part-of': 'modelyard' }
const REPOSITORY = 'https://git.example.com/models.git'

async function production(look: (environment: PlannedEnvironment) => void | Promise<void>, properties: string[] = []) {
  const text = environmentText('production', { promotesFrom: 'staging', properties })
  await withRepository({ [FILES.production]: text }, async ({ load }) => {
    const { plan, findings } = await load()
    assert.equal(findings, [])
    const environment = plan.environments.find(({ definition }) => definition.name === 'production')
    if (!environment) throw new Error('not planned')
    await look(environment)
  })
}

function application(name: string, project: string, path: string, destination: object, extra: object = {}) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name,
      namespace: 'argocd',
      labels: MANAGED,
      annotations: { 'argocd.argoproj.io/manifest-generate-paths': '.' },
      ...extra,
    },
    spec: {
      project,
      source: {
        repoURL: REPOSITORY,
        targetRevision: 'refs/heads/main',
        path,
        directory: { recurse: true, include: '*.yaml' },
      },
      destination,
      syncPolicy: {
        automated: { prune: true, selfHeal: true, allowEmpty: false },
        retry: { limit: 5, refresh: true, backoff: { duration: '5s', factor: 2, maxDuration: '3m' } },
        syncOptions: [
          'ServerSideApply=true',
          'ApplyOutOfSyncOnly=true',
          'PruneLast=true',
          'RespectIgnoreDifferences=true',
          'FailOnSharedResource=true',
          'CreateNamespace=false',
        ],
      },
    },
  }
}

const CLUSTER = { server: 'https://production.example.com', namespace: 'models-production' }
const ARGOCD = { server: 'https://kubernetes.default.svc', namespace: 'argocd' }

test('an environment has a project, an Application of its own and one for each model', async () => {
  await production((environment) => {
    const [project, own, model, ...others] = new ArgoCdChart(new App(), 'argocd', { environment }).toJson()
    assert.equal(others, [])
    assert.is(project.kind, 'AppProject')
    const annotations = { 'argocd.argoproj.io/manifest-generate-paths': '.', 'argocd.argoproj.io/sync-wave': '-1' }
    assert.equal(
      own,
      application('production-environment', 'production', 'dist/production/environment', CLUSTER, { annotations }),
    )
    assert.equal(
      model,
      application('production-model-wine', 'production', 'dist/production/models/wine', CLUSTER, {
        finalizers: ['resources-finalizer.argocd.argoproj.io/foreground'],
      }),
    )
  })
})

test('the project allows this repository, this namespace and the kinds that a model has, and no others', async () => {
  await production((environment) => {
    const [project] = new ArgoCdChart(new App(), 'argocd', { environment }).toJson()
    const { namespaceResourceWhitelist, ...spec } = project.spec
    assert.equal(spec, {
      description: 'Models in production',
      sourceRepos: [REPOSITORY],
      destinations: [CLUSTER],
      clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
    })
    const group = (apiVersion: string) => (apiVersion.includes('/') ? apiVersion.split('/')[0] : '')
    const model = environment.models[0]
    if (!model) throw new Error('no model')
    const used = Object.values(modelObjects(model)).map(({ apiVersion, kind }) => `${group(apiVersion)}/${kind}`)
    const allowed = namespaceResourceWhitelist.map(
      (item: { group: string; kind: string }) => `${item.group}/${item.kind}`,
    )
    assert.equal([...allowed].sort(), [...new Set(used)].sort())
  })
})

test('what a person applies once manages Applications and projects in Argo CD itself, and does not delete in cascade', async () => {
  await production(({ definition }) => {
    const [project, root, ...others] = new BootstrapChart(new App(), 'root', { environment: definition }).toJson()
    assert.equal(others, [])
    assert.equal(root, application('production-root', 'production-root', 'dist/production/argocd', ARGOCD))
    assert.equal(project.metadata, {
      name: 'production-root',
      namespace: 'argocd',
      labels: MANAGED,
      annotations: { 'argocd.argoproj.io/sync-wave': '-2' },
    })
    assert.equal(project.spec, {
      description: 'Root Application of production',
      sourceRepos: [REPOSITORY],
      destinations: [ARGOCD],
      clusterResourceWhitelist: [],
      namespaceResourceWhitelist: [
        { group: 'argoproj.io', kind: 'AppProject' },
        { group: 'argoproj.io', kind: 'Application' },
      ],
    })
  })
})

test('Argo CD may live elsewhere and follow another revision', async () => {
  const argocd = `argocd: { repoURL: '${REPOSITORY}', targetRevision: 'v1', namespace: 'gitops' }`
  await production(
    (environment) => {
      const objects = [
        ...new ArgoCdChart(new App(), 'argocd', { environment }).toJson(),
        ...new BootstrapChart(new App(), 'root', { environment: environment.definition }).toJson(),
      ]
      for (const { kind, metadata, spec } of objects) {
        assert.is(metadata.namespace, 'gitops')
        if (kind === 'Application') assert.is(spec.source.targetRevision, 'v1')
      }
      assert.is(objects.at(-1).spec.destination.namespace, 'gitops')
    },
    [argocd, "description: 'Where customers are'"],
  )
})

test('a model of another owner is another Application, in the same file: the former one goes with all that it made', async () => {
  const owners = { byOwner: { cellar: 'wines', kitchen: 'food' } }
  await production(({ definition, models }) => {
    const at = (namespace: string) => {
      const environment = { definition: { ...definition, namespace: owners }, models: [{ ...models[0], namespace }] }
      const chart = new ArgoCdChart(new App(), 'argocd', { environment: environment as PlannedEnvironment })
      const objects = chart.toJson()
      assert.ok(chart.node.tryFindChild('production-model-wine'))
      return objects.at(-1)
    }
    const [former, next] = [at('wines'), at('food')]
    assert.equal(
      [former, next].map(({ metadata, spec }) => [metadata.name, spec.project, spec.destination.namespace]),
      [
        ['production.wines-model-wine', 'production.wines', 'wines'],
        ['production.food-model-wine', 'production.food', 'food'],
      ],
    )
    assert.equal(former.metadata.finalizers, ['resources-finalizer.argocd.argoproj.io/foreground'])
  })
})

test('the namespace enforces the strictest Pod Security and is never deleted unasked', async () => {
  await production(({ definition }) => {
    assert.equal(new EnvironmentChart(new App(), 'environment', { environment: definition }).toJson(), [
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: 'models-production',
          labels: {
            ...MANAGED,
            'modelyard.dev/environment': 'production',
            'pod-security.kubernetes.io/enforce': 'restricted',
            'pod-security.kubernetes.io/audit': 'restricted',
            'pod-security.kubernetes.io/warn': 'restricted',
          },
          annotations: { 'argocd.argoproj.io/sync-options': 'Prune=confirm,Delete=confirm' },
        },
        spec: {},
      },
    ])
  })
})

test.run()
