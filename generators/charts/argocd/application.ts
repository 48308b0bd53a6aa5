import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import type { ArgoCd, DefinedEnvironment } from '../../definitions/index.ts'
import { MANAGED } from '../names.ts'
import type { IgnoredDifference } from './ignored-differences.ts'

export const API_VERSION = 'argoproj.io/v1alpha1'
export const FINALIZER = 'resources-finalizer.argocd.argoproj.io/foreground'

export interface Destination {
  server: string
  namespace: string
}

export interface Application {
  /** Id in the chart. Default: the name. */
  id?: string
  name: string
  project: string
  /** Folder of this repository. */
  path: string
  destination: Destination
  wave?: string
  /** What others set in the cluster and Git does not say. */
  ignored?: readonly IgnoredDifference[]
  /** Deleting the Application deletes what it manages. */
  cascade: boolean
}

export function application(scope: Construct, { argocd }: DefinedEnvironment, application: Application): void {
  new ApiObject(scope, application.id ?? application.name, {
    apiVersion: API_VERSION,
    kind: 'Application',
    metadata: {
      name: application.name,
      labels: MANAGED,
      annotations: {
        ...applicationAnnotations(argocd),
        ...(application.wave !== undefined && { 'argocd.argoproj.io/sync-wave': application.wave }),
      },
      ...(application.cascade && { finalizers: [FINALIZER] }),
    },
    spec: applicationSpec(argocd, application),
  })
}

/** What a webhook need not render again, and who is told what. */
export function applicationAnnotations({ notifications = {} }: ArgoCd): Record<string, string> {
  const subscriptions = Object.entries(notifications).flatMap(([trigger, recipients]) =>
    Object.entries(recipients).map(([service, recipient]) => [
      `notifications.argoproj.io/subscribe.${trigger}.${service}`,
      recipient,
    ]),
  )
  return { 'argocd.argoproj.io/manifest-generate-paths': '.', ...Object.fromEntries(subscriptions) }
}

export function applicationSpec(
  argocd: ArgoCd,
  { project, path, destination, ignored = [] }: Pick<Application, 'project' | 'path' | 'destination' | 'ignored'>,
): object {
  return {
    project,
    source: {
      repoURL: argocd.repoURL,
      targetRevision: argocd.targetRevision ?? 'refs/heads/main',
      path,
      directory: { recurse: true, include: '*.yaml' },
    },
    destination,
    ...(ignored.length > 0 && { ignoreDifferences: ignored }),
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
  }
}
