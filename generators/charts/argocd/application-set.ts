import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import type { DefinedEnvironment } from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'
import { MANAGED } from '../names.ts'
import { API_VERSION, applicationAnnotations, applicationSpec, type Destination, FINALIZER } from './application.ts'
import { type IgnoredDifference, ignoredDifferences } from './ignored-differences.ts'

/**
 * An Application for each folder of models, made in the cluster from one object. A folder that is gone leaves its Application to a
 * person: nothing that a generator fails to list is deleted.
 */
export function applicationSet(
  scope: Construct,
  { name, argocd }: DefinedEnvironment,
  models: readonly PlannedModel[],
  destination: Destination,
): void {
  const folder = '{{.path.path}}'
  new ApiObject(scope, `${name}-models`, {
    apiVersion: API_VERSION,
    kind: 'ApplicationSet',
    metadata: { name: `${name}-models`, labels: MANAGED },
    spec: {
      goTemplate: true,
      goTemplateOptions: ['missingkey=error'],
      generators: [
        {
          git: {
            repoURL: argocd.repoURL,
            revision: argocd.targetRevision ?? 'refs/heads/main',
            directories: [{ path: `dist/${name}/models/*` }],
          },
        },
      ],
      syncPolicy: { applicationsSync: 'create-update', preserveResourcesOnDeletion: true },
      template: {
        metadata: {
          name: `${name}-model-{{.path.basename}}`,
          labels: MANAGED,
          annotations: applicationAnnotations(argocd),
          finalizers: [FINALIZER],
        },
        spec: applicationSpec(argocd, { project: name, path: folder, destination, ignored: commonDifferences(models) }),
      },
    },
  })
}

/** What every model leaves to others: one template cannot tell them apart by name. */
function commonDifferences(models: readonly PlannedModel[]): IgnoredDifference[] {
  const [first = [], ...others] = models.map((model) =>
    ignoredDifferences(model)
      .filter(({ name }) => name === model.name)
      .map((difference) => ({ ...difference, name: '' })),
  )
  const isCommon = (difference: object) =>
    others.every((list) => list.some((other) => JSON.stringify(other) === JSON.stringify(difference)))
  return first.filter(isCommon).map(({ name: _, ...difference }) => difference as IgnoredDifference)
}
