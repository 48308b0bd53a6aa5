import { type DefinedEnvironment, measuredResources, namespacesOf } from '../definitions/index.ts'
import type { Report } from './report.ts'

/** Which switches of an environment exclude one another, and which do nothing without another. */
export function checkEngines(environment: DefinedEnvironment, report: Report): void {
  checkNamespaces(environment, report)
  checkTraffic(environment, report)
  checkAutoscaling(environment, report)
  checkServer(environment, report)
}

function checkNamespaces({ namespace, argocd }: DefinedEnvironment, report: Report): void {
  if (typeof namespace === 'string') return
  if (argocd.applicationSet) {
    const message = 'makes every Application in one project, and byOwner() gives each owner a project'
    report(['argocd', 'applicationSet'], message, 'Remove one of the two.')
  }
  const places = namespacesOf(namespace)
  for (const [index, { owner = '', namespace: name }] of places.entries()) {
    const other = places.slice(0, index).find((place) => place.namespace === name)?.owner
    if (other === undefined) continue
    report(['namespace'], `${name} belongs to ${other} and to ${owner}`, 'Give each owner a namespace of its own.')
  }
}

/** First minor version of Kubernetes whose kubelet knows `lifecycle.preStop.sleep` without being told to. */
const PRE_STOP_SLEEP_MINOR = 30
/** The first in which volumes of images are on by default. */
const IMAGE_VOLUME_MINOR = 35

function checkServer(
  { server, cluster, traffic, ingress, artifacts, credentials }: DefinedEnvironment,
  report: Report,
): void {
  const minor = Number(cluster.kubernetes?.split('.')[1] ?? 0)
  if (server?.preStopSleepSeconds !== undefined && minor < PRE_STOP_SLEEP_MINOR) {
    const message = `needs Kubernetes 1.${PRE_STOP_SLEEP_MINOR}, and cluster.kubernetes is ${cluster.kubernetes ?? 'not given'}`
    report(['server', 'preStopSleepSeconds'], message, 'Name the version of the cluster, or remove it.')
  }
  if (artifacts.kind === 'image' && minor < IMAGE_VOLUME_MINOR) {
    const message = `needs Kubernetes 1.${IMAGE_VOLUME_MINOR}, and cluster.kubernetes is ${cluster.kubernetes ?? 'not given'}`
    report(['artifacts'], message, 'Name the version of the cluster, or let the server download: oci().')
  }
  if (server?.tls !== undefined && (ingress || hasRoute(traffic))) {
    const message = `${ingress ? 'an Ingress' : 'a Gateway'} speaks plain HTTP to the pods`
    report(['server', 'tls'], message, 'Remove it: TLS ends there. A service mesh encrypts the rest of the way.')
  }
  if (artifacts.kind === 'mlflow' && artifacts.secret !== undefined && !artifacts.endpoint?.startsWith('https:')) {
    const message = 'have a secret, and the server is not reached over HTTPS: pods would not send it'
    report(['artifacts'], message, 'Write the https:// address of the server, or remove the secret.')
  }
  if (credentials && artifacts.secret !== undefined) {
    const message = 'are given beside the secret of `artifacts`, and only one of them can be read'
    report(['credentials'], message, 'Remove one of the two.')
  }
}

function checkTraffic({ traffic, ingress, autoscaling }: DefinedEnvironment, report: Report): void {
  if (ingress && hasRoute(traffic)) {
    const message = 'goes past the Gateway of `traffic`: its requests would all reach the stable version'
    report(['ingress'], message, 'Remove one of the two.')
  }
  if (traffic?.engine === 'replicas' && autoscaling) {
    const message = 'would change the proportion of pods that replicas() splits the requests by'
    report(['autoscaling'], message, 'Remove it, or let gatewayApi() or serverSplit() split the requests.')
  }
  if (traffic?.engine !== 'rollouts') return
  for (const [index, { weight }] of traffic.steps.entries()) {
    const before = traffic.steps[index - 1]?.weight ?? 0
    if (weight > before) continue
    const message = `${weight} % is not more than the ${before} % before it`
    report(['traffic', 'steps', index, 'weight'], message, 'Raise the weight from step to step.')
  }
}

function checkAutoscaling(environment: DefinedEnvironment, report: Report): void {
  const { autoscaling, verticalScaling, overrides = [] } = environment
  if (autoscaling) {
    const { engine, ...targets } = autoscaling
    const given = ['cpu', 'memory', 'requestsPerSecond', 'latencyP95'].filter((target) => target in targets)
    if (given.length === 0) {
      report(['autoscaling'], `${engine}() has no target to scale by`, 'Name one, such as cpu: 70.')
    }
  }
  const mode = verticalScaling?.mode ?? 'Off'
  const measured = measuredResources(autoscaling)
  if (verticalScaling && mode !== 'Off' && measured.length > 0) {
    const message = `${mode} would change the ${measured.join(' and ')} that the horizontal autoscaler takes a share of`
    report(
      ['verticalScaling', 'mode'],
      message,
      "Write mode: 'Off', or scale by requestsPerSecond or latencyP95 alone.",
    )
  }
  for (const [index, { scaleToZero }] of overrides.entries()) {
    if (!scaleToZero || autoscaling?.engine === 'keda') continue
    report(['overrides', index, 'scaleToZero'], 'needs keda(): no other autoscaler goes to zero', 'Write keda().')
  }
}

function hasRoute(traffic: DefinedEnvironment['traffic']): boolean {
  return traffic?.engine === 'gateway-api' || (traffic?.engine === 'rollouts' && traffic.route !== undefined)
}
