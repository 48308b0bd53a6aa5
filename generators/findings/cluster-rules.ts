import type { Rule } from './rule.ts'

/** Rules of exposure, credentials, rights, Argo CD and versions of APIs. */
export const CLUSTER_RULES = {
  'analysis-conditions': {
    summary: 'an AnalysisTemplate can be decided by nothing',
    reason: 'A query without a result, or a condition that is missing, makes an analysis fail or pass by accident.',
    repair: 'Write both conditions, and guard them with `len(result) > 0`.',
  },
  'api-deprecated': {
    summary: 'the version of an API is deprecated',
    reason: 'A later version of Kubernetes, or of the project that owns it, does not serve it any more.',
    repair: 'Write the version that the finding names.',
  },
  'api-removed': {
    summary: 'the version of an API is gone from the Kubernetes that is meant',
    reason: 'The API server does not know the object.',
    repair: 'Write the version that the finding names.',
  },
  'api-unknown': {
    summary: 'the API server does not serve this kind of object',
    reason: 'The kind or its version is misspelt, or belongs to another group: the object is refused.',
    repair: 'Write the kind and version that the finding names.',
    fixed: 'severity',
  },
  'application-empty-allowed': {
    summary: 'an Application may prune everything',
    reason: 'When its folder renders to nothing by mistake, all objects are deleted.',
    repair: 'Write `allowEmpty: false`.',
  },
  'application-set-deletes': {
    summary: 'an ApplicationSet deletes what its generator no longer gives',
    reason: 'A failed look-up or a renamed folder takes Applications down with all their objects.',
    repair: 'Write `preserveResourcesOnDeletion: true`, or `applicationsSync: create-update`.',
  },
  'application-set-missing-key': {
    summary: 'an ApplicationSet renders keys that do not exist',
    reason: 'They become the text "<no value>", in names and paths too.',
    repair: 'Write `goTemplateOptions: ["missingkey=error"]`.',
  },
  'field-deprecated': {
    summary: 'a field, label or annotation is deprecated',
    reason: 'Newer versions ignore it without a word.',
    repair: 'Write what replaces it.',
  },
  'gateway-open-to-all': {
    summary: 'a Gateway takes routes from every namespace',
    reason: 'Any of them may take the traffic of a host.',
    repair: 'Write `from: Selector` or `from: Same`.',
  },
  'ignore-differences-array': {
    summary: 'a difference inside a list of a custom resource is ignored',
    reason: 'With RespectIgnoreDifferences the whole list then stays as it is in the cluster (argo-cd#17694).',
    repair: 'Ignore the whole field, or no part of it.',
  },
  'ignore-differences-group': {
    summary: 'ignoreDifferences names a kind without its group',
    reason: 'It matches nothing: the difference stays.',
    repair: 'Add the group that the finding names.',
  },
  'job-recreated': {
    summary: 'a Job that Argo CD syncs removes itself',
    reason: 'Argo CD finds it missing and runs it again, for ever (argo-cd#8586).',
    repair: 'Make it a hook with `argocd.argoproj.io/hook-delete-policy: BeforeHookCreation`, or remove the TTL.',
  },
  'limit-range-exceeded': {
    summary: 'a container may use more than a LimitRange of its namespace allows',
    reason: 'The API server refuses its pods, after the merge.',
    repair: 'Lower the limit of the container, or raise the LimitRange.',
  },
  'network-policy-missing': {
    summary: 'no NetworkPolicy limits who pods talk to',
    reason: 'Whatever takes over any pod of the cluster reaches them, and they reach everything.',
    repair: 'Add a NetworkPolicy of types Ingress and Egress that selects them.',
  },
  'prune-unprotected': {
    summary: 'a Namespace or a claim may be pruned by Argo CD',
    reason: 'With the file goes the data, without a question.',
    repair: 'Write the annotation `argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm`.',
  },
  'quota-too-small': {
    summary: 'the workloads of a namespace take more than its ResourceQuota allows',
    reason: 'Pods beyond the quota are never made, however long the rollout waits for them.',
    repair: 'Raise the quota, or lower requests or the least number of pods.',
  },
  'rbac-cluster-admin': {
    summary: 'a binding gives cluster-admin',
    reason: 'Its subjects may do everything, and so may whoever takes one of them over.',
    repair: 'Write a Role with the rights that are needed.',
  },
  'rbac-escalation': {
    summary: 'a role may bind, escalate or impersonate',
    reason: 'Its subjects can give themselves any right.',
    repair: 'Remove the verbs, or limit them by resourceNames.',
  },
  'rbac-pod-exec': {
    summary: 'a role may run commands in pods',
    reason: 'That is every right of every pod in reach, with its Secrets.',
    repair: 'Remove pods/exec and pods/attach.',
  },
  'rbac-secrets': {
    summary: 'a role may read every Secret',
    reason: 'Tokens and passwords of everything else in reach are among them.',
    repair: 'Limit the rule by resourceNames.',
  },
  'rbac-wildcard': {
    summary: 'a role gives every verb on every resource',
    reason: 'That is what cluster-admin gives, in its reach.',
    repair: 'List the resources and verbs that are needed.',
  },
  'rollout-plugin': {
    summary: 'a Rollout shifts traffic by a field that does nothing',
    reason: 'The field trafficRouting.gatewayAPI is accepted and ignored (argo-rollouts#4569).',
    repair: 'Write `trafficRouting.plugins["argoproj-labs/gatewayAPI"]`.',
  },
  'route-defaults': {
    summary: 'backends of an HTTPRoute leave out what the API server adds',
    reason: 'Argo CD shows the route as out of sync for ever.',
    repair: 'Write `group: ""`, `kind: Service` and `weight`.',
  },
  'route-host-missing': {
    summary: 'an HTTPRoute names no host',
    reason: 'It takes the requests for every host of its Gateway that no other route claims.',
    repair: 'Write hostnames.',
  },
  'secret-as-variable': {
    summary: 'a Secret is given as an environment variable',
    reason: 'Child processes inherit it, and dumps and debug pages show it; a changed Secret needs a restart.',
    repair: 'Mount it as a file where the program can read one.',
  },
  'secret-in-config-map': {
    summary: 'a ConfigMap holds a credential',
    reason: 'It is in Git, and everyone who may read the namespace reads it.',
    repair: 'Revoke it, and bring the new one by an ExternalSecret or a SealedSecret.',
  },
  'secret-in-environment': {
    summary: 'a credential is written as an environment variable',
    reason: 'It is in Git, and in every description of the pod.',
    repair: 'Revoke it, and bring the new one by a Secret that is not in Git.',
  },
  'secret-in-git': {
    summary: 'a Secret stands in Git in the clear',
    reason: 'Base64 is no encryption: everyone who reads the repository has it, for as long as there is a clone.',
    repair: 'Use an ExternalSecret, a SealedSecret or SOPS; revoke a value that was real.',
  },
  'service-external-ips': {
    summary: 'a Service takes external addresses',
    reason: 'It receives the traffic of any address that it names, that of others too (CVE-2020-8554).',
    repair: 'Use a Gateway or a load balancer.',
  },
  'service-external-name': {
    summary: 'a Service is a name for another host',
    reason: 'A Gateway or Ingress that trusts it can be led to any address, inside the cluster too.',
    repair: 'Call the host by its own name.',
  },
  'service-load-balancer': {
    summary: 'a Service has a load balancer of its own that is open to everyone',
    reason: 'It is past what the Gateway checks, and is paid for by itself.',
    repair: 'Use the Gateway, or write loadBalancerSourceRanges.',
  },
  'service-node-port': {
    summary: 'a Service opens a port on every node',
    reason: 'It is reached past Gateway, Ingress and their TLS.',
    repair: 'Write type ClusterIP, and use a Gateway.',
  },
  'service-port-name': {
    summary: 'a port of a Service with several has no name',
    reason: 'The API server refuses it.',
    repair: 'Name each port.',
  },
  'traffic-unencrypted': {
    summary: 'a Gateway or Ingress is without TLS',
    reason: 'Requests, answers and tokens can be read and changed on the way.',
    repair: 'Add TLS with a certificate.',
  },
} as const satisfies Record<string, Rule>
