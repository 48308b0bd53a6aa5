import type { Rule } from './rule.ts'

/** Rules of images, resources, probes, replicas, autoscalers and disruption budgets. */
export const WORKLOAD_RULES = {
  'annotation-required': {
    summary: 'an object lacks an annotation that modelyard.yaml requires',
    reason: 'A team has decided that every object says this of itself.',
    repair: 'Add the annotation.',
  },
  'image-registry': {
    summary: 'an image is from a registry that modelyard.yaml does not allow',
    reason: 'What was not mirrored and scanned would run.',
    repair: 'Mirror the image, and name it there.',
  },
  'label-required': {
    summary: 'an object lacks a label that modelyard.yaml requires',
    reason: 'A team has decided that every object says this of itself, such as who owns it.',
    repair: 'Add the label.',
  },
  'autoscaler-and-replicas': {
    summary: 'a workload that an autoscaler scales has `replicas` too',
    reason: 'Every sync sets the number back to what Git says, and the autoscaler changes it again.',
    repair: 'Remove replicas; on a live Deployment hand the field over first, or it falls to one pod (argo-cd#1603).',
  },
  'autoscaler-conflict': {
    summary: 'two autoscalers act on the same workload',
    reason:
      'They undo what the other does; a vertical one changes the request of which a horizontal one measures the share.',
    repair: 'Keep one, or set updateMode Off in the VerticalPodAutoscaler.',
  },
  'autoscaler-idle': {
    summary: 'minimum and maximum of an autoscaler are the same',
    reason: 'It never scales.',
    repair: 'Raise the maximum, or write replicas instead of the autoscaler.',
  },
  'autoscaler-minimum': {
    summary: 'an autoscaler keeps one pod at quiet times',
    reason: 'The service is away whenever the node of that pod is drained or lost.',
    repair: 'Keep at least two.',
  },
  'autoscaler-without-request': {
    summary: 'an autoscaler wants a share of a request that a container does not make',
    reason: 'The share cannot be computed: it never scales.',
    repair: 'Write the request, or an averageValue.',
  },
  'cron-job-deadline': {
    summary: 'a CronJob has no startingDeadlineSeconds',
    reason: 'When 100 starts were missed, as in a long outage, the controller gives up for good.',
    repair: 'Write startingDeadlineSeconds.',
  },
  'cron-job-overlap': {
    summary: 'a CronJob lets its runs overlap',
    reason: 'A slow run and the next one work on the same data.',
    repair: 'Write concurrencyPolicy Forbid or Replace.',
  },
  'disruption-budget-ambiguous': {
    summary: 'a PodDisruptionBudget has minAvailable and maxUnavailable',
    reason: 'The API server refuses it.',
    repair: 'Keep maxUnavailable, which holds for any number of pods.',
  },
  'disruption-budget-blocks': {
    summary: 'a PodDisruptionBudget never lets a pod be evicted',
    reason: 'A node with such a pod cannot be drained: upgrades of the cluster stop there.',
    repair: 'Write `maxUnavailable: 1`, and run at least two pods.',
  },
  'disruption-budget-empty': {
    summary: 'a PodDisruptionBudget has neither minAvailable nor maxUnavailable',
    reason: 'The controller then permits no eviction at all.',
    repair: 'Write `maxUnavailable: 1`.',
  },
  'disruption-budget-missing': {
    summary: 'no PodDisruptionBudget protects the pods of a workload',
    reason: 'A drain of several nodes may end all of them at the same time.',
    repair: 'Add one with `maxUnavailable: 1`.',
  },
  'disruption-budget-unhealthy': {
    summary: 'a PodDisruptionBudget protects pods that do not work',
    reason: 'A pod that never becomes ready keeps its node from being drained.',
    repair: 'Write `unhealthyPodEvictionPolicy: AlwaysAllow`.',
  },
  'ephemeral-storage-unbounded': {
    summary: 'a volume may fill the disk of its node',
    reason: 'The kubelet then evicts pods, and not only this one.',
    repair: 'Write sizeLimit in the emptyDir, or a limit of ephemeral-storage in each container.',
  },
  'extended-resource': {
    summary: 'request and limit of a GPU or the like differ',
    reason: 'The API server refuses it: such resources cannot be shared.',
    repair: 'Write the limit alone, or both the same.',
  },
  'image-pull-policy': {
    summary: 'the pull policy does not fit the image',
    reason: 'Pods of one rollout run different content, or do not start on a node that lacks the image.',
    repair: 'Name the image by its digest: then IfNotPresent is right.',
  },
  'image-tag-mutable': {
    summary: 'an image has no tag, or the tag latest',
    reason: 'What runs depends on when each node pulled it; a rollback does not bring the old content back.',
    repair: 'Name the image by its digest.',
  },
  'image-without-digest': {
    summary: 'an image is named by a tag alone',
    reason: 'A tag can be moved: the reviewed content is not sure to be what runs.',
    repair: 'Append `@sha256:...`; the tag may stay before it.',
  },
  'keda-fallback': {
    summary: 'a ScaledObject has no fallback',
    reason: 'While its source of metrics is down nothing is scaled up.',
    repair: 'Write fallback with failureThreshold and replicas.',
  },
  'keda-name': {
    summary: 'the name of a ScaledObject is too long',
    reason: 'KEDA names the autoscaler keda-hpa-<name>, which may have 63 characters.',
    repair: 'Choose a name of at most 54 characters.',
  },
  'keda-scale-to-zero': {
    summary: 'a ScaledObject that only watches cpu or memory may go to zero',
    reason: 'Without a pod there is no usage that would start one: KEDA refuses it.',
    repair: 'Write minReplicaCount 1 or more, or add another trigger.',
  },
  'limit-below-request': {
    summary: 'a container asks for more than it may use',
    reason: 'The API server refuses it.',
    repair: 'Raise the limit, or lower the request.',
  },
  'liveness-probe': {
    summary: 'a container has no liveness probe',
    reason: 'A process that hangs is not restarted.',
    repair: 'Add one that asks only whether the process answers.',
  },
  'memory-limit': {
    summary: 'a container has no memory limit',
    reason: 'A leak takes the memory of the other pods of the node; which of them is killed is left to chance.',
    repair: 'Write resources.limits.memory.',
  },
  'probe-threshold': {
    summary: 'a liveness or startup probe has another successThreshold than 1',
    reason: 'The API server refuses it.',
    repair: 'Remove successThreshold.',
  },
  'probes-identical': {
    summary: 'liveness and readiness ask the same',
    reason: 'What should take a pod out of the Service for a while restarts it, often all of them at once.',
    repair: 'Let liveness ask only whether the process answers, and readiness whether it can serve.',
  },
  'readiness-probe': {
    summary: 'a container that opens a port has no readiness probe',
    reason: 'Requests reach it before it can answer them, at every rollout.',
    repair: 'Add one that is true once requests can be served.',
  },
  'replicas-not-spread': {
    summary: 'the pods of a workload may all run on one node',
    reason: 'The loss of that node is the loss of the service.',
    repair: 'Add topologySpreadConstraints over kubernetes.io/hostname, or a podAntiAffinity.',
  },
  'resource-requests': {
    summary: 'a container makes no request of cpu or memory',
    reason: 'The scheduler packs it onto a full node, and it is the first to be evicted.',
    repair: 'Write resources.requests.',
  },
  'restart-policy': {
    summary: 'a workload has a restartPolicy that its kind does not take',
    reason: 'The API server refuses it; a Job without one is refused as well.',
    repair: 'Write the policy that the finding names.',
  },
  'rollout-stuck': {
    summary: 'a rollout may neither end nor add a pod',
    reason: 'The API server refuses it.',
    repair: 'Write maxSurge 1, or maxUnavailable 1 where no resources are spare.',
  },
  'rollout-takes-pods-down': {
    summary: 'a rollout ends all pods before new ones are ready',
    reason: 'Every change is an outage.',
    repair: 'Write type RollingUpdate with `maxUnavailable: 0`.',
  },
  'service-account-default': {
    summary: "pods use the namespace's default account",
    reason: 'Whatever one of them is given, all of them have.',
    repair: 'Add a ServiceAccount and name it in serviceAccountName.',
  },
  'service-account-field': {
    summary: 'the old field serviceAccount is used',
    reason: 'It is deprecated, and differs from serviceAccountName here.',
    repair: 'Write serviceAccountName.',
  },
  'service-account-token': {
    summary: 'pods get a token of the API server that no role gives a use',
    reason: 'Who takes a pod over can ask the API server with it.',
    repair: 'Write `automountServiceAccountToken: false`.',
  },
  'single-replica': {
    summary: 'a workload has one pod',
    reason: 'It is away whenever its node is drained or lost.',
    repair: 'Write at least two replicas, or an autoscaler.',
  },
  'sub-path-configuration': {
    summary: 'a ConfigMap or Secret is mounted by subPath',
    reason: 'Such a file never changes while the pod runs, whatever is synced.',
    repair: 'Mount the volume as a directory.',
  },
} as const satisfies Record<string, Rule>
