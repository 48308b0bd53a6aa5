import type { Rule } from './rule.ts'

/** Rules of the references between objects, and of what a change does to a cluster that runs them. */
export const REFERENCE_RULES = {
  'application-path-missing': {
    summary: 'an Argo CD Application syncs a folder that does not exist',
    reason: 'Argo CD would show the Application as failed, and with pruning a renamed folder takes its objects down.',
    repair: 'Run `modelyard synth`; do not rename folders of dist/ by hand.',
  },
  'application-project-denies': {
    summary: "an AppProject does not permit an Application's source, destination, or a kind that it syncs",
    reason: 'Argo CD refuses the sync, so nothing of it reaches the cluster.',
    repair: 'Permit it in the AppProject, or use another project.',
  },
  'autoscaler-range': {
    summary: 'the maximum of an autoscaler is below its minimum',
    reason: 'The API server refuses it.',
    repair: 'Write a maximum that is at least the minimum.',
  },
  'data-removed': {
    summary: 'a Namespace, a claim or a definition of resources is removed',
    reason:
      'With it goes all that it holds: the objects of the namespace, the data of the volume, the resources of the kind.',
    repair:
      'Restore the file. If it shall go: empty what it holds, and remove it in a change of its own that suppresses this with a reason in modelyard.yaml (docs/environments.md, Remove an environment).',
  },
  'immutable-field-changed': {
    summary: 'a field is changed that the API server does not let change',
    reason: 'The sync fails, and the object stays as it was until somebody deletes it by hand.',
    repair:
      'Restore the field, or give the object another name; Argo CD recreates one with the sync option Force=true,Replace=true.',
  },
  'name-duplicate': {
    summary: 'an item of a list has the name of another: a container, volume, variable, port, listener',
    reason: 'The API server refuses it, or the last one silently wins; server-side apply fails on such a list.',
    repair: 'Remove one of them, or rename it.',
  },
  'namespace-two-owners': {
    summary: 'two environments, or an Application and a file, own the same namespace',
    reason: 'Each would prune or change the objects of the other.',
    repair: 'Give each environment a namespace of its own, and each namespace one owner.',
  },
  'object-defined-twice': {
    summary: 'the same object stands twice in an environment, or in a folder',
    reason: 'Which of them wins depends on the order in which they are applied.',
    repair: 'Keep one of them.',
  },
  'object-removed': {
    summary: 'an object of the base is gone',
    reason: 'Argo CD prunes it: what others call, mount or are scaled by is away.',
    repair: 'Restore the file if that was not meant.',
  },
  'object-two-owners': {
    summary: 'two Argo CD Applications sync the same files to the same place',
    reason:
      'Each takes the objects of the other for its own, so that both are out of sync for ever and one may prune them.',
    repair: 'Give each Application a folder that no other one holds.',
  },
  'port-missing': {
    summary: 'a port is named, or a Service port numbered, that does not exist',
    reason: 'The API server accepts it; no request, probe or scrape ever arrives.',
    repair: 'Name a port that is there.',
  },
  'port-undeclared': {
    summary: 'a probe or a Service uses a port number that no container declares',
    reason:
      'It works only if something listens there all the same; mostly it is a number that was changed in one place.',
    repair: 'Declare the port in the container, or correct the number.',
  },
  'reference-missing': {
    summary: 'an object names another that does not exist',
    reason:
      'The API server accepts such objects, and they fail after the merge. A warning where the cluster may hold what the given files do not.',
    repair: 'Correct the name, or add the object.',
  },
  'reference-not-granted': {
    summary: 'a route sends requests to a Service of another namespace, which did not permit that',
    reason: 'The Gateway answers with status 500 for such a backend.',
    repair: "Add a ReferenceGrant to the Service's namespace.",
  },
  'replicas-removed': {
    summary: 'a workload loses its `replicas`, or is scaled to zero',
    reason: 'Without the field a running workload falls to one pod before its autoscaler raises it (argo-cd#1603).',
    repair: 'Give the field to the autoscaler first: annotate, sync, then remove it; or keep the number.',
  },
  'selector-matches-nothing': {
    summary: 'a selector matches no pod, or no Service',
    reason: 'The object does nothing: no endpoints, no protection, no metrics; and nobody is told.',
    repair: 'Give it the labels of what it should select.',
  },
  'selector-mismatch': {
    summary: 'the selector of a workload does not match its own pods',
    reason: 'The API server refuses the workload.',
    repair: 'Give the template the labels that the selector names.',
  },
  'service-not-headless': {
    summary: 'the Service of a StatefulSet has an address of its own',
    reason: 'The pods get no names in DNS, by which their clients tell them apart.',
    repair: 'Write `clusterIP: None` in the Service that `serviceName` names.',
  },
  'volume-missing': {
    summary: 'a container mounts a volume that the pod does not have',
    reason: 'The API server refuses the pods.',
    repair: 'Add the volume or correct the name.',
  },
} as const satisfies Record<string, Rule>
