import { CLUSTER_RULES } from './cluster-rules.ts'
import { POD_SECURITY_RULES } from './pod-security-rules.ts'
import { REFERENCE_RULES } from './reference-rules.ts'
import { REPOSITORY_RULES } from './repository-rules.ts'
import type { Rule } from './rule.ts'
import { SERVER_RULES } from './server-rules.ts'
import { WORKLOAD_RULES } from './workload-rules.ts'

/** Every rule a finding can name. docs/rules.md is this table; a test holds the two together. */
export const RULES = {
  ...REFERENCE_RULES,
  ...POD_SECURITY_RULES,
  ...WORKLOAD_RULES,
  ...CLUSTER_RULES,
  ...REPOSITORY_RULES,
  ...SERVER_RULES,
  'configuration-invalid': {
    summary: 'modelyard.yaml is not of the right form',
    reason: 'A misspelt rule or a suppression without a reason would silently do nothing, or too much.',
    repair: 'Correct what the finding names; nothing of the file is believed until then.',
    fixed: 'always',
  },
  'egress-open': {
    summary: 'the pods of an environment may call any address',
    reason:
      'Whoever takes over a pod can send what it knows anywhere, at the ports of the store and the prediction log.',
    repair: 'Name CIDRs or pods: `network: { to: [...] }`.',
  },
  'gpu-missing': {
    summary: 'a model needs GPUs, and the environment has none',
    reason: 'Its pods would wait for ever for a node that has one.',
    repair: 'Say where they are by `gpu()`, or pin the model elsewhere.',
  },
  'ingress-open': {
    summary: 'every pod of the cluster may call the models of an environment without a key',
    reason: 'Whoever takes over any pod of the cluster can ask the models, and read what their answers tell.',
    repair:
      'Name the callers, `network: { from: [...] }`, or a Secret with keys, `server: { apiKeys }`. Information up to `revision: 2`, where no ' +
      'environment has to say so; a warning where one says `from: "cluster"`.',
  },
  'input-empty': {
    summary: 'there is no Kubernetes object in what was named',
    reason: 'A chart that failed to render, or a wrong path, would look like success.',
    repair: 'Name the folder that holds the manifests, and let the pipe fail when its first command does.',
    couldNotCheck: true,
  },
  'input-too-large': {
    summary: 'a file or a document is too large, or nested too deeply, to be checked',
    reason: 'Reading it would take all memory; the API server takes no object of more than 3 MiB.',
    repair: 'Split it: several files, or several documents with `---` between them.',
    couldNotCheck: true,
  },
  'input-unreadable': {
    summary: 'a file cannot be read, or is a symbolic link out of the folder that is checked',
    reason: 'What was not read is not known to be right, and what a link points to is not part of what is checked.',
    repair: 'Name the file that is meant, or remove the link.',
    couldNotCheck: true,
  },
  'resource-rule-broken': {
    summary: 'a custom resource breaks a rule of its CustomResourceDefinition',
    reason: 'The API server evaluates these rules (CEL) beside the schema and refuses the object.',
    repair: 'Correct the field; the finding shows the rule.',
    fixed: 'severity',
  },
  'resource-rule-unchecked': {
    summary: 'a rule of a CustomResourceDefinition could not be evaluated here',
    reason: 'It uses what the API server has and this check has not, so that the object is not known to be valid.',
    repair: 'Check the object by the API server: kubectl apply --dry-run=server.',
    couldNotCheck: true,
  },
  'schema-invalid': {
    summary: 'an object does not satisfy the JSON Schema of its kind',
    reason: 'The API server would refuse it or drop the field, after the merge.',
    repair: 'Correct the field that the finding names.',
    fixed: 'severity',
  },
  'schema-unknown-kind': {
    summary: 'there is no JSON Schema for this kind of object',
    reason: 'It could not be checked, which is not the same as valid.',
    repair: 'Check it by the validator of its own project, or leave such kinds alone with --ignore-missing-schemas.',
    couldNotCheck: true,
  },
  'suppression-expired': {
    summary: 'a suppression is past its last day',
    reason: 'It was to be decided anew by then; what it suppressed is reported again.',
    repair: 'Fix what it suppressed, or write a later day with the reason for it.',
  },
  'suppression-invalid': {
    summary: 'a suppression names no reason, no rule that exists, or one that is always reported',
    reason: 'Nobody could tell later whether it is still right; so it suppresses nothing.',
    repair: 'Write `modelyard-ignore <rule> [until <yyyy-mm-dd>]: <reason>`.',
    fixed: 'always',
  },
  'suppression-unused': {
    summary: 'a suppression suppresses nothing',
    reason: 'Its finding is fixed; left behind, the suppression hides the next finding of the rule in the same place.',
    repair: 'Remove it.',
  },
  'yaml-syntax': {
    summary: 'a file is not valid YAML',
    reason: 'It cannot be read.',
    repair: 'Correct the line that the finding names.',
    fixed: 'always',
  },
} as const satisfies Record<string, Rule>

export type RuleId = keyof typeof RULES
