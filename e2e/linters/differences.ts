/** What kube-score says of objects about which no rule that covers its check says anything; each is seen in a run, or is removed. */
export const DIFFERENCES: { check: string; comment: string; reason: string }[] = [
  {
    check: 'container-resources',
    comment: 'CPU limit is not set',
    reason: 'a CPU limit throttles requests while the node has cores to spare: docs/policy.md',
  },
  ...['Ephemeral Storage limit is not set', 'Ephemeral Storage request is not set'].map((comment) => ({
    check: 'container-ephemeral-storage-request-and-limit',
    comment,
    reason:
      'with a read-only root and a sizeLimit for every emptyDir nothing is left that could fill the disk of the node',
  })),
  ...['Deployment', 'StatefulSet'].map((kind) => ({
    check: `${kind.toLowerCase()}-has-host-podantiaffinity`,
    comment: `${kind} does not have a host podAntiAffinity set`,
    reason: 'topologySpreadConstraints over hostnames do the same, and do not keep the last pods from being placed',
  })),
  ...['deployment', 'statefulset'].map((kind) => ({
    check: `${kind}-has-poddisruptionbudget`,
    comment: 'No matching PodDisruptionBudget was found',
    reason: 'of a single pod a budget could only keep the node from being drained',
  })),
  {
    check: 'deployment-replicas',
    comment: 'Deployment few replicas',
    reason: "kube-score does not know KEDA's ScaledObject, which sets the number here",
  },
  {
    check: 'service-targets-pod',
    comment: 'The services selector does not match any pods',
    reason: 'a Service without a selector has its endpoints from elsewhere',
  },
]

/** Checks with a rule that no fixture of the rule makes kube-score report. */
export const NEVER_SEEN: Record<string, string> = {
  'label-values': 'the schema refuses such labels, which is tested with the schema',
}
