import { ApiObject, Chart } from 'cdk8s'
import type { Construct } from 'constructs'
import { type DefinedEnvironment, namespacesOf } from '../../definitions/index.ts'
import type { PlannedEnvironment, PlannedModel } from '../../repository/index.ts'
import { idIn, MANAGED } from '../names.ts'
import { API_VERSION, application, type Destination } from './application.ts'
import { applicationSet } from './application-set.ts'
import { ignoredDifferences } from './ignored-differences.ts'
import { clusterKinds, type Kinds, modelKinds, sharedKinds } from './kinds.ts'

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
    const { name, cluster } = definition
    if (definition.revision < 3) projects(this, definition)
    // Each object says its own namespace; an Application names one that its project permits.
    const [destination = { server: cluster.server, namespace: '' }] = destinationsOf(definition)
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
      const project = projectOf(definition, model)
      application(this, definition, {
        id: `${name}-model-${model.name}`,
        // Under another owner it is another Application, so that the former one goes with all that it made in the other namespace.
        name: `${project}-model-${model.name}`,
        project,
        path: `dist/${name}/models/${model.name}`,
        destination: { server: cluster.server, namespace: model.namespace },
        ignored: ignoredDifferences(model),
        cascade: true,
      })
    }
  }
}

/** The environment's project; where each owner has a namespace, one for each of them, and the environment's makes the namespaces. */
function projects(scope: Construct, definition: DefinedEnvironment): void {
  const { name, description = `Models in ${name}`, monitoring, autoscaling, cluster, namespace } = definition
  const shared = sharedKinds(definition)
  // Beside the project of the root.
  const id = definition.revision < 3 ? 'app-project' : 'environment-app-project'
  if (typeof namespace === 'string') {
    project(scope, definition, {
      id,
      name,
      description,
      destinations: destinationsOf(definition),
      clusterKinds: clusterKinds(definition),
      kinds: modelKinds(definition, shared),
    })
    return
  }
  const hasRule = autoscaling?.engine === 'hpa' && autoscaling.requestsPerSecond !== undefined
  const places = namespacesOf(namespace)
  project(scope, definition, {
    id,
    name,
    description,
    destinations: destinationsOf(definition),
    clusterKinds: clusterKinds(definition),
    kinds: { '': [...(monitoring || hasRule ? ['ConfigMap'] : []), ...shared] },
  })
  for (const place of places) {
    project(scope, definition, {
      id: idIn(place, 'app-project'),
      name: `${name}.${place.namespace}`,
      description: `Models of ${place.owner} in ${name}`,
      destinations: [{ server: cluster.server, namespace: place.namespace }],
      clusterKinds: [],
      kinds: modelKinds(definition),
    })
  }
}

/** Neither an environment nor a namespace has a dot in its name. */
function projectOf({ name, namespace }: DefinedEnvironment, model: PlannedModel): string {
  return typeof namespace === 'string' ? name : `${name}.${model.namespace}`
}

function destinationsOf({ cluster, namespace }: DefinedEnvironment): Destination[] {
  return namespacesOf(namespace).map((place) => ({ server: cluster.server, namespace: place.namespace }))
}

export interface BootstrapChartProps {
  environment: DefinedEnvironment
}

/**
 * What a person applies once: the root Application of an environment, and a project of its own that lets it manage
 * Applications in Argo CD's namespace and nothing else. From revision 3 on the projects of the environment belong to it too, so
 * that who may merge into the folder of the root cannot widen them; up to revision 2 the root manages AppProjects.
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
      kinds: { 'argoproj.io': [...(environment.revision < 3 ? ['AppProject'] : []), 'Application', ...sets] },
    })
    if (environment.revision >= 3) projects(this, environment)
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
  /** Id in the chart. Default `app-project`. */
  id?: string
  name: string
  description: string
  destinations: Destination[]
  clusterKinds: { group: string; kind: string; name?: string }[]
  kinds: Kinds
}

function project(scope: Construct, definition: DefinedEnvironment, { name, kinds, ...project }: Project): void {
  const { argocd, revision } = definition
  // Up to revision 2 the root made the projects: it must not take them away when it does so no more.
  const annotations: Record<string, string> =
    revision < 3
      ? { 'argocd.argoproj.io/sync-wave': '-2' }
      : { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' }
  new ApiObject(scope, project.id ?? 'app-project', {
    apiVersion: API_VERSION,
    kind: 'AppProject',
    metadata: { name, labels: MANAGED, annotations },
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
