import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import type { ServerSwitches, TrafficEngine } from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'
import { analysisTemplate } from '../monitoring/analysis-template.ts'
import { anySelectorLabels, type Component, modelLabels, selectorLabels } from '../names.ts'
import { servicePorts } from '../workload/server-settings.ts'
import { modelIngress } from './ingress.ts'
import { modelRoute } from './model-route.ts'
import { canaryService } from './rollout.ts'

/** How requests reach a model's pods: its Services and, where the environment asks for them, routes, an Ingress and an analysis. */
export function traffic(scope: Construct, model: PlannedModel): void {
  const { name, effectiveSettings, candidate, environment } = model
  const engine = environment.traffic ?? { engine: 'server-split' }
  const labels = modelLabels(name, effectiveSettings.owner)
  const candidateLabels = modelLabels(name, effectiveSettings.owner, 'model-candidate')
  const selector = engine.engine === 'replicas' ? anySelectorLabels(name) : selectorLabels(name)
  const add = (id: string, name: string, labels: Record<string, string>, selector: Record<string, string>) =>
    service(scope, id, name, labels, selector, environment.server)
  add('service', name, labels, selector)
  if (engine.engine === 'gateway-api') {
    if (candidate) {
      const own = selectorLabels(name, 'model-candidate')
      add('candidate-service', `${name}-candidate`, candidateLabels, own)
    }
    modelRoute(scope, model, engine, labels)
  }
  if (engine.engine === 'rollouts') {
    // Argo Rollouts adds the hash of their pods to the selectors of the first two; all pods are scraped, once.
    add('canary-service', canaryService(name), candidateLabels, selector)
    add('pods-service', `${name}-pods`, modelLabels(name, effectiveSettings.owner, 'model-pods'), selector)
    if (engine.route) modelRoute(scope, model, engine.route, labels)
    if (engine.analysis) analysisTemplate(scope, model, engine.analysis.prometheus, labels)
  }
  if (environment.ingress) modelIngress(scope, name, environment.ingress, labels)
}

/** Selects the Services behind which every pod of a model stands once. */
export function scrapedServices(model: string, engine: TrafficEngine['engine']): object {
  switch (engine) {
    case 'gateway-api': {
      const values: Component[] = ['model-server', 'model-candidate']
      return {
        matchLabels: anySelectorLabels(model),
        matchExpressions: [{ key: 'app.kubernetes.io/component', operator: 'In', values }],
      }
    }
    case 'rollouts':
      return { matchLabels: selectorLabels(model, 'model-pods') }
    default:
      return { matchLabels: selectorLabels(model) }
  }
}

function service(
  scope: Construct,
  id: string,
  name: string,
  labels: Record<string, string>,
  selector: Record<string, string>,
  server: ServerSwitches | undefined,
): void {
  new k8s.KubeService(scope, id, {
    metadata: { name, labels },
    spec: {
      type: 'ClusterIP',
      selector,
      ports: servicePorts(server).map(({ name, port }) => ({
        name,
        port,
        targetPort: k8s.IntOrString.fromString(name),
        protocol: 'TCP',
      })),
    },
  })
}
