import { ApiObject, Chart } from 'cdk8s'
import type { Construct } from 'constructs'
import type { DefinedEnvironment } from '../../define/index.ts'
import type { PlannedEnvironment } from '../../plan/index.ts'
import { MONITORING_KINDS } from '../monitoring/index.ts'
import { MANAGED } from '../names.ts'
import { type Kinds, modelKinds } from './kinds.ts'

const API_VERSION = 'argoproj.io/v1alpha1'
const FINALIZER = 'resources-finalizer.argocd.argoproj.io'
/** API server that Argo CD itself runs in. */
const IN_CLUSTER = 'https://kubernetes.default.svc'
interface Application {
  name: string
  project: string
  /** Folder of this repository. */
  path: string
  destination: { server: string; namespace: string }
  wave?: string
  /** Deleting the Application deletes what it manages. */
  cascade: boolean
}

export interface ArgoCdChartProps {
  environment: PlannedEnvironment
}

/** What the root Application syncs: the environment's project, and one Application for it and for each model. */
export class ArgoCdChart extends Chart {
  constructor(scope: Construct, id: string, { environment }: ArgoCdChartProps) {
    const { definition, models } = environment
    super(scope, id, { namespace: argoNamespace(definition), disableResourceNameHashes: true })
    const { name, cluster, namespace } = definition
    const destination = { server: cluster.server, namespace }
    project(this, definition, {
      name,
      description: definition.description ?? `Models in ${name}`,
      destinations: [destination],
      clusterKinds: [{ group: '', kind: 'Namespace' }],
      kinds: { ...modelKinds(definition), ...(definition.monitoring && MONITORING_KINDS) },
    })
    application(this, definition, {
      name: `${name}-environment`,
      project: name,
      path: `dist/${name}/environment`,
      destination,
      wave: '-1',
      cascade: false,
    })
    for (const model of models) {
      application(this, definition, {
        name: `${name}-model-${model.name}`,
        project: name,
        path: `dist/${name}/models/${model.name}`,
        destination,
        cascade: true,
      })
    }
  }
}

export interface BootstrapChartProps {
  environment: DefinedEnvironment
}

/**
 * What a person applies once: the root Application of an environment, and a project of its own that lets it manage
 * Applications and AppProjects in Argo CD's namespace and nothing else.
 */
export class BootstrapChart extends Chart {
  constructor(scope: Construct, id: string, { environment }: BootstrapChartProps) {
    super(scope, id, { namespace: argoNamespace(environment), disableResourceNameHashes: true })
    const name = `${environment.name}-root`
    const destination = { server: IN_CLUSTER, namespace: argoNamespace(environment) }
    project(this, environment, {
      name,
      description: `Root Application of ${environment.name}`,
      destinations: [destination],
      clusterKinds: [],
      kinds: { 'argoproj.io': ['AppProject', 'Application'] },
    })
    application(this, environment, {
      name,
      project: name,
      path: `dist/${environment.name}/argocd`,
      destination,
      cascade: false,
    })
  }
}

function argoNamespace({ argocd }: DefinedEnvironment): string {
  return argocd.namespace ?? 'argocd'
}

interface Project {
  name: string
  description: string
  destinations: { server: string; namespace: string }[]
  clusterKinds: { group: string; kind: string }[]
  kinds: Kinds
}

function project(scope: Construct, { argocd }: DefinedEnvironment, { name, kinds, ...project }: Project): void {
  new ApiObject(scope, 'app-project', {
    apiVersion: API_VERSION,
    kind: 'AppProject',
    metadata: { name, labels: MANAGED, annotations: { 'argocd.argoproj.io/sync-wave': '-2' } },
    spec: {
      description: project.description,
      sourceRepos: [argocd.repoURL],
      destinations: project.destinations,
      clusterResourceWhitelist: project.clusterKinds,
      namespaceResourceWhitelist: Object.entries(kinds).flatMap(([group, names]) =>
        names.map((kind) => ({ group, kind })),
      ),
    },
  })
}

function application(scope: Construct, { argocd }: DefinedEnvironment, application: Application): void {
  new ApiObject(scope, application.name, {
    apiVersion: API_VERSION,
    kind: 'Application',
    metadata: {
      name: application.name,
      labels: MANAGED,
      annotations: {
        'argocd.argoproj.io/manifest-generate-paths': '.',
        ...(application.wave !== undefined && { 'argocd.argoproj.io/sync-wave': application.wave }),
      },
      ...(application.cascade && { finalizers: [FINALIZER] }),
    },
    spec: {
      project: application.project,
      source: {
        repoURL: argocd.repoURL,
        targetRevision: argocd.targetRevision ?? 'refs/heads/main',
        path: application.path,
        directory: { recurse: true, include: '*.yaml' },
      },
      destination: application.destination,
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
  })
}
