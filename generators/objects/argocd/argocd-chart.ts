import { ApiObject, Chart } from 'cdk8s'
import type { Construct } from 'constructs'
import type { DefinedEnvironment } from '../../define/index.ts'
import type { PlannedEnvironment } from '../../plan/index.ts'
import { MONITORING_KINDS } from '../monitoring/index.ts'
import { MANAGED } from '../names.ts'
import { API_VERSION, application, type Destination } from './application.ts'
import { applicationSet } from './application-set.ts'
import { ignoredDifferences } from './ignored-differences.ts'
import { clusterKinds, type Kinds, modelKinds } from './kinds.ts'

/** API server that Argo CD itself runs in. */
const IN_CLUSTER = 'https://kubernetes.default.svc'

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
      clusterKinds: clusterKinds(definition),
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
    if (definition.argocd.applicationSet) {
      applicationSet(this, definition, models, destination)
      return
    }
    for (const model of models) {
      application(this, definition, {
        name: `${name}-model-${model.name}`,
        project: name,
        path: `dist/${name}/models/${model.name}`,
        destination,
        ignored: ignoredDifferences(model),
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
    const sets = environment.argocd.applicationSet ? ['ApplicationSet'] : []
    project(this, environment, {
      name,
      description: `Root Application of ${environment.name}`,
      destinations: [destination],
      clusterKinds: [],
      kinds: { 'argoproj.io': ['AppProject', 'Application', ...sets] },
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
  destinations: Destination[]
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
