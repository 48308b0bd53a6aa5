/** Groups whose controllers make no pods of their objects, or only such as serve the whole cluster. */
const GROUPS_WITHOUT_PODS = new Set([
  'acme.cert-manager.io',
  'argoproj.io',
  'autoscaling.k8s.io',
  'bitnami.com',
  'cert-manager.io',
  'cilium.io',
  'cloud.google.com',
  'constraints.gatekeeper.sh',
  'crd.projectcalico.org',
  'elbv2.k8s.aws',
  'external-secrets.io',
  'externaldns.k8s.io',
  'extensions.istio.io',
  'gateway.envoyproxy.io',
  'gateway.networking.k8s.io',
  'gateway.networking.x-k8s.io',
  'generators.external-secrets.io',
  'image.toolkit.fluxcd.io',
  'karpenter.sh',
  'keda.sh',
  'kyverno.io',
  'metallb.io',
  'monitoring.coreos.com',
  'mutations.gatekeeper.sh',
  'networking.gke.io',
  'networking.istio.io',
  'notification.toolkit.fluxcd.io',
  'policies.kyverno.io',
  'projectcalico.org',
  'projectcontour.io',
  'secrets-store.csi.x-k8s.io',
  'security.istio.io',
  'snapshot.storage.k8s.io',
  'source.toolkit.fluxcd.io',
  'telemetry.istio.io',
  'templates.gatekeeper.sh',
  'traefik.containo.us',
  'traefik.io',
  'wgpolicyk8s.io',
])

/** Kinds of these groups that make pods all the same. */
const POD_MAKERS = new Set([
  'Alertmanager.monitoring.coreos.com',
  'AnalysisRun.argoproj.io',
  'CronWorkflow.argoproj.io',
  'EventBus.argoproj.io',
  'EventSource.argoproj.io',
  'Experiment.argoproj.io',
  'Prometheus.monitoring.coreos.com',
  'PrometheusAgent.monitoring.coreos.com',
  'ScaledJob.keda.sh',
  'Sensor.argoproj.io',
  'ThanosRuler.monitoring.coreos.com',
  'Workflow.argoproj.io',
])

/**
 * Whether the controller of a custom resource may make pods of it, with the Services and Secrets that belong to them. Of Kubernetes'
 * own kinds, those with a pod template are known.
 * @param kind as `IndexedObject.kind` names it
 */
export function mayMakePods(kind: string): boolean {
  const group = kind.slice(kind.indexOf('.') + 1)
  if (!kind.includes('.') || !group.includes('.')) return false
  if (BUILT_IN_GROUP.test(group)) return false
  return POD_MAKERS.has(kind) || !GROUPS_WITHOUT_PODS.has(group)
}

/** `rbac.authorization.k8s.io`; custom resources below k8s.io are of x-k8s.io, or in the list. */
const BUILT_IN_GROUP =
  /^(?:admissionregistration|apiextensions|apiregistration|authentication|authorization|certificates|coordination|discovery|events|flowcontrol\.apiserver|internal\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage|storagemigration)\.k8s\.io$/
