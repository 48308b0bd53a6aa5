import { add, type Change, drop, edit, type Fixture, file, without } from './fixture.ts'
import { statefulSet } from './reference-fixtures.ts'

const POD = 'deployment'
const SCALER = 'horizontal-pod-autoscaler'
const BUDGET = 'pod-disruption-budget'
const IMAGE = /registry.example.com\/web@sha256:[0-9a-f]{64}/

const image = (name: string): Change[] => [
  (files) => ({ ...files, [POD]: (files[POD] ?? '').replace(IMAGE, () => name) }),
]
const scaled = (fields: string): Change[] => [
  without(SCALER),
  file(
    'scaled-object',
    `apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: { name: web, namespace: shop }\nspec:\n${fields}`,
  ),
]
const KEDA = `  scaleTargetRef: { name: web }
  minReplicaCount: 2
  fallback: { failureThreshold: 3, replicas: 4 }
  triggers:
    - type: prometheus
      metadata: { serverAddress: "http://prometheus:9090", query: up, threshold: "1" }
`
const RESOURCE_KEDA = `  scaleTargetRef: { name: web }
  minReplicaCount: 0
  triggers:
    - type: cpu
      metricType: Utilization
      metadata: { value: "70" }
`

/** Images, resources, probes, replicas, autoscalers and disruption budgets. */
export const WORKLOAD_FIXTURES: Fixture[] = [
  {
    rule: 'autoscaler-and-replicas',
    fails: [edit(POD, 'spec:\n', 'spec:\n  replicas: 3\n')],
    at: [POD, 'replicas: 3'],
    passes: [edit(POD, 'spec:\n', 'spec:\n  replicas: 3\n'), without(SCALER)],
  },
  {
    rule: 'autoscaler-conflict',
    fails: [
      file(
        'vertical-pod-autoscaler',
        'apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: { name: web, namespace: shop }\nspec:\n  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }\n  updatePolicy: { updateMode: Recreate }\n',
      ),
    ],
    at: ['vertical-pod-autoscaler', 'targetRef'],
    passes: [
      file(
        'vertical-pod-autoscaler',
        'apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: { name: web, namespace: shop }\nspec:\n  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }\n  updatePolicy: { updateMode: "Off" }\n',
      ),
    ],
  },
  {
    rule: 'autoscaler-idle',
    fails: [edit(SCALER, 'maxReplicas: 6', 'maxReplicas: 2')],
    at: [SCALER, 'spec:'],
    passes: [edit(SCALER, 'maxReplicas: 6', 'maxReplicas: 3')],
  },
  {
    rule: 'autoscaler-minimum',
    fails: [edit(SCALER, 'minReplicas: 2', 'minReplicas: 1'), without(BUDGET)],
    at: [SCALER, 'minReplicas: 1'],
    passes: scaled(KEDA),
  },
  {
    rule: 'autoscaler-without-request',
    fails: [edit(SCALER, 'name: cpu', 'name: example.com/units')],
    at: [SCALER, 'name: example.com'],
    passes: [edit(SCALER, 'name: cpu', 'name: memory')],
  },
  {
    rule: 'cron-job-deadline',
    fails: [drop('cron-job', 'startingDeadlineSeconds')],
    at: ['cron-job', 'spec:'],
    passes: [],
  },
  {
    rule: 'cron-job-overlap',
    fails: [edit('cron-job', 'Forbid', 'Allow')],
    at: ['cron-job', 'concurrencyPolicy'],
    passes: [edit('cron-job', 'Forbid', 'Replace')],
  },
  {
    rule: 'disruption-budget-ambiguous',
    fails: [edit(BUDGET, 'maxUnavailable: 1', 'maxUnavailable: 1\n  minAvailable: 1')],
    at: [BUDGET, 'minAvailable'],
    passes: [edit(BUDGET, 'maxUnavailable', 'minAvailable')],
  },
  {
    rule: 'disruption-budget-blocks',
    fails: [edit(BUDGET, 'maxUnavailable: 1', 'minAvailable: 2')],
    at: [BUDGET, 'minAvailable'],
    passes: [edit(BUDGET, 'maxUnavailable: 1', 'minAvailable: 50%')],
  },
  {
    rule: 'disruption-budget-empty',
    fails: [drop(BUDGET, 'maxUnavailable')],
    at: [BUDGET, 'spec:'],
    passes: [edit(BUDGET, 'maxUnavailable: 1', 'maxUnavailable: 25%')],
  },
  {
    rule: 'disruption-budget-missing',
    fails: [without(BUDGET)],
    at: [POD, 'spec:'],
    passes: [
      edit(
        BUDGET,
        'matchLabels:\n      app: web',
        'matchExpressions:\n      - { key: app, operator: In, values: [web] }',
      ),
    ],
  },
  {
    rule: 'disruption-budget-missing',
    way: 'a StatefulSet',
    fails: [...statefulSet(), edit('stateful-set', 'spec:\n', 'spec:\n  replicas: 2\n')],
    at: ['stateful-set', 'spec:'],
    passes: statefulSet(),
  },
  {
    rule: 'disruption-budget-unhealthy',
    fails: [edit(BUDGET, 'AlwaysAllow', 'IfHealthyBudget')],
    at: [BUDGET, 'unhealthyPodEvictionPolicy'],
    passes: [],
  },
  {
    rule: 'ephemeral-storage-unbounded',
    fails: [edit(POD, 'emptyDir:\n            sizeLimit: 64Mi', 'emptyDir: {}')],
    at: [POD, 'emptyDir'],
    passes: [
      edit(POD, 'emptyDir:\n            sizeLimit: 64Mi', 'emptyDir: {}'),
      edit(POD, 'memory: 256Mi', 'memory: 256Mi\n              ephemeral-storage: 1Gi'),
    ],
  },
  {
    rule: 'extended-resource',
    fails: [
      edit(POD, 'memory: 128Mi', 'memory: 128Mi\n              nvidia.com/gpu: 1'),
      edit(POD, 'memory: 256Mi', 'memory: 256Mi\n              nvidia.com/gpu: 2'),
    ],
    at: [POD, 'nvidia.com/gpu: 1'],
    passes: [edit(POD, 'memory: 256Mi', 'memory: 256Mi\n              nvidia.com/gpu: 2')],
  },
  {
    rule: 'image-pull-policy',
    fails: [edit(POD, 'imagePullPolicy: IfNotPresent', 'imagePullPolicy: Never')],
    at: [POD, 'imagePullPolicy'],
    passes: [edit(POD, 'imagePullPolicy: IfNotPresent', 'imagePullPolicy: Always')],
  },
  {
    rule: 'image-tag-mutable',
    fails: [...image('registry.example.com:5000/web'), drop(POD, 'imagePullPolicy')],
    at: [POD, 'image:'],
    passes: [],
  },
  {
    rule: 'image-tag-mutable',
    way: 'latest',
    fails: [...image('registry.example.com/web:latest'), drop(POD, 'imagePullPolicy')],
    at: [POD, 'image:'],
    passes: image(`registry.example.com/web:latest@sha256:${'0'.repeat(64)}`),
  },
  {
    rule: 'image-without-digest',
    fails: image('registry.example.com/web:1.4.2'),
    at: [POD, 'image:'],
    passes: image(`registry.example.com/web:1.4.2@sha256:${'0'.repeat(64)}`),
  },
  {
    rule: 'keda-fallback',
    fails: [...scaled(KEDA), drop('scaled-object', 'fallback')],
    at: ['scaled-object', 'triggers'],
    passes: scaled(KEDA),
  },
  {
    rule: 'keda-name',
    fails: [...scaled(KEDA), edit('scaled-object', 'name: web', `name: ${'w'.repeat(55)}`)],
    at: ['scaled-object', 'name: www'],
    passes: [...scaled(KEDA), edit('scaled-object', 'name: web', `name: ${'w'.repeat(54)}`)],
  },
  {
    rule: 'keda-scale-to-zero',
    fails: scaled(RESOURCE_KEDA),
    at: ['scaled-object', 'minReplicaCount'],
    passes: [...scaled(RESOURCE_KEDA), edit('scaled-object', 'minReplicaCount: 0', 'minReplicaCount: 2')],
  },
  {
    rule: 'limit-below-request',
    fails: [edit(POD, 'memory: 256Mi', 'memory: 100M')],
    at: [POD, 'memory: 100M'],
    passes: [edit(POD, 'memory: 256Mi', 'memory: "134217728"')],
  },
  {
    rule: 'liveness-probe',
    fails: [drop(POD, 'livenessProbe')],
    at: [POD, '- name: server'],
    passes: [],
  },
  { rule: 'memory-limit', fails: [drop(POD, 'limits:')], at: [POD, 'resources:'], passes: [] },
  {
    rule: 'probe-threshold',
    fails: [edit(POD, 'livenessProbe:', 'livenessProbe:\n            successThreshold: 2')],
    at: [POD, 'successThreshold'],
    passes: [edit(POD, 'readinessProbe:', 'readinessProbe:\n            successThreshold: 2')],
  },
  {
    rule: 'probes-identical',
    fails: [edit(POD, '/healthz', '/readyz')],
    at: [POD, 'livenessProbe'],
    passes: [],
  },
  {
    rule: 'readiness-probe',
    fails: [drop(POD, 'readinessProbe')],
    at: [POD, '- name: server'],
    passes: [],
  },
  {
    rule: 'replicas-not-spread',
    fails: [drop(POD, 'topologySpreadConstraints')],
    at: [POD, 'spec:\n      serviceAccountName'],
    passes: [
      drop(POD, 'topologySpreadConstraints'),
      add(
        POD,
        'serviceAccountName',
        'affinity:',
        '  podAntiAffinity:',
        '    requiredDuringSchedulingIgnoredDuringExecution:',
        '      - topologyKey: kubernetes.io/hostname',
      ),
    ],
  },
  {
    rule: 'replicas-not-spread',
    way: 'a StatefulSet, whose constraint counts no pods',
    fails: [
      ...statefulSet(),
      edit('stateful-set', 'spec:\n', 'spec:\n  replicas: 2\n'),
      edit(BUDGET, 'matchLabels:\n      app: web', 'matchExpressions:\n      - { key: app, operator: Exists }'),
      drop('stateful-set', 'labelSelector'),
    ],
    at: ['stateful-set', 'spec:\n      serviceAccountName'],
    passes: [
      ...statefulSet(),
      edit('stateful-set', 'spec:\n', 'spec:\n  replicas: 2\n'),
      edit(BUDGET, 'matchLabels:\n      app: web', 'matchExpressions:\n      - { key: app, operator: Exists }'),
    ],
  },
  { rule: 'resource-requests', fails: [drop('job', 'cpu: 100m')], at: ['job', 'requests:'], passes: [] },
  {
    rule: 'restart-policy',
    fails: [drop('job', 'restartPolicy')],
    at: ['job', 'spec:\n      serviceAccountName'],
    passes: [edit('job', 'restartPolicy: Never', 'restartPolicy: OnFailure')],
  },
  {
    rule: 'restart-policy',
    way: 'a CronJob',
    fails: [edit('cron-job', 'restartPolicy: Never', 'restartPolicy: Always')],
    at: ['cron-job', 'restartPolicy'],
    passes: [edit('cron-job', 'restartPolicy: Never', 'restartPolicy: OnFailure')],
  },
  {
    rule: 'rollout-stuck',
    fails: [edit(POD, 'maxSurge: 1', 'maxSurge: 0%')],
    at: [POD, 'maxSurge'],
    passes: [edit(POD, 'maxSurge: 1', 'maxSurge: 25%')],
  },
  {
    rule: 'rollout-takes-pods-down',
    fails: [edit(POD, 'maxUnavailable: 0', 'maxUnavailable: 100%')],
    at: [POD, 'maxUnavailable'],
    passes: [edit(POD, 'maxUnavailable: 0', 'maxUnavailable: 1')],
  },
  {
    rule: 'rollout-takes-pods-down',
    way: 'Recreate',
    fails: [edit(POD, 'type: RollingUpdate', 'type: Recreate'), drop(POD, 'rollingUpdate')],
    at: [POD, 'type: Recreate'],
    passes: [drop(POD, 'strategy')],
  },
  {
    rule: 'service-account-default',
    fails: [drop('job', 'serviceAccountName')],
    at: ['job', 'spec:\n      restartPolicy'],
    passes: [],
  },
  {
    rule: 'service-account-field',
    fails: [edit('job', 'serviceAccountName', 'serviceAccount')],
    at: ['job', 'serviceAccount'],
    passes: [add('job', 'serviceAccountName', 'serviceAccount: web')],
  },
  {
    rule: 'service-account-token',
    fails: [
      without('role-binding'),
      drop(POD, 'automountServiceAccountToken'),
      drop('service-account', 'automountServiceAccountToken'),
    ],
    at: [POD, 'spec:\n      serviceAccountName'],
    passes: [drop(POD, 'automountServiceAccountToken'), drop('service-account', 'automountServiceAccountToken')],
  },
  {
    rule: 'single-replica',
    fails: [without(SCALER), without(BUDGET)],
    at: [POD, 'spec:'],
    passes: [without(SCALER), edit(POD, 'spec:\n', 'spec:\n  replicas: 2\n')],
  },
  {
    rule: 'sub-path-configuration',
    fails: [add(POD, 'mountPath: /etc/web', 'subPath: level')],
    at: [POD, 'subPath'],
    passes: [add(POD, 'mountPath: /var/cache/web', 'subPath: level')],
  },
]
