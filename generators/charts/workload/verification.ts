import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import { METRICS, POD } from 'modelyard-serving/contract'
import type { PlannedModel } from '../../repository/index.ts'
import { verificationLabels } from '../argocd/verification-labels.ts'
import { MANAGED, selectorLabels } from '../names.ts'
import { DNS, policyPort } from './network-policy.ts'
import { RESTRICTED, startupBudgetSeconds, UNPRIVILEGED } from './pod.ts'
import { metricsPort, serverPorts } from './server-settings.ts'
import { workloadsOf } from './workload.ts'

/** Seconds beyond the start of the pods, for Services and proxies to follow. */
const GRACE_SECONDS = 120

/**
 * Ends with 0 once each address names its digest among what the server has loaded, and is ended by the Job's deadline otherwise.
 * Arguments: address and digest, in turn.
 */
const SCRIPT = `const wanted = process.argv.slice(1)
const hasLoaded = async (address, digest) => {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(5000) })
    const lines = (await response.text()).split('\\n')
    return lines.some((line) => line.startsWith('${METRICS.versionLoaded}{') && line.includes('"' + digest + '"') && line.endsWith(' 1'))
  } catch {
    return false
  }
}
for (let index = 0; index < wanted.length; index += 2) {
  const [address, digest] = wanted.slice(index, index + 2)
  while (!(await hasLoaded(address, digest))) {
    console.log(digest + ' is not loaded at ' + address)
    await new Promise((resolve) => setTimeout(resolve, 3000))
  }
  console.log(digest + ' is loaded at ' + address)
}`

/** A Job that Argo CD runs after each sync: the sync has failed when the pods did not load the artifacts that Git names. */
export function verification(scope: Construct, model: PlannedModel, labels: Record<string, string>): void {
  const name = `${model.name}-verification`
  const own = { ...labels, ...verificationLabels(model.name) }
  const workloads = workloadsOf(model)
  const { port } = metricsPort(model.environment.server)
  const wanted = workloads.flatMap((workload) => {
    const shared = workload.model.candidate?.version
    const versions = [workload.model.stable, ...(shared ? [shared] : [])]
    const address = `http://${workload.name}:${port}${POD.metricsPath}`
    return versions.flatMap(({ facts }) => [address, facts.bundle.model.sha256])
  })
  const budget = Math.max(...workloads.map((workload) => startupBudgetSeconds(workload.model)))
  new k8s.KubeJob(scope, 'verification', {
    metadata: {
      name,
      labels: own,
      annotations: {
        'argocd.argoproj.io/hook': 'PostSync',
        'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
      },
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: budget + GRACE_SECONDS,
      template: {
        metadata: { labels: own },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: model.name,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: RESTRICTED,
          containers: [
            {
              name: 'verification',
              image: model.stable.servingImage,
              imagePullPolicy: 'IfNotPresent',
              command: ['node', '--input-type=module', '--eval', SCRIPT, '--', ...wanted],
              resources: {
                requests: { cpu: k8s.Quantity.fromString('50m'), memory: k8s.Quantity.fromString('64Mi') },
                limits: { cpu: k8s.Quantity.fromString('200m'), memory: k8s.Quantity.fromString('128Mi') },
              },
              securityContext: UNPRIVILEGED,
            },
          ],
        },
      },
    },
  })
  new k8s.KubeNetworkPolicy(scope, 'verification-network-policy', {
    metadata: { name, labels: { ...own, ...MANAGED } },
    spec: {
      podSelector: { matchLabels: verificationLabels(model.name) },
      // Nobody comes in: no rule at all, since an empty list makes each apply a change.
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        DNS,
        {
          to: workloads.map(({ component }) => ({
            podSelector: { matchLabels: selectorLabels(model.name, component) },
          })),
          ports: serverPorts(model.environment.server).map(({ port }) => policyPort(port)),
        },
      ],
    },
  })
}
