import type { Rule } from './rule.ts'

/** What an API server says, asked by `validate --server`, and what its own code says without one. */
export const SERVER_RULES = {
  'api-server-refused': {
    summary: "the API server's own code refuses the object",
    reason: 'Kubernetes validates it by the same code when it is created, and refuses it after the merge.',
    repair: 'Correct what the finding names.',
    fixed: 'severity',
  },
  'api-server-unchecked': {
    summary: "the API server's own code could not check the object",
    reason: 'It was not checked, which is not the same as valid.',
    repair: 'Give the CustomResourceDefinition of the kind beside it, or check it by --only schema.',
    couldNotCheck: true,
  },
  'api-server-warning': {
    summary: "the API server's own code warns of the object",
    reason: 'It takes it, and says that a field is deprecated, has no effect, or is probably not meant.',
    repair: 'Do what the warning says.',
  },
  'server-namespace-missing': {
    summary: 'the API server has no namespace of this name',
    reason: 'It takes no object of a namespace that does not exist.',
    repair: 'Add the Namespace to the files, or make it in the cluster first.',
    fixed: 'severity',
  },
  'server-refused': {
    summary: 'the API server refuses the object',
    reason: 'It was asked by a dry run: the same would happen after the merge.',
    repair: 'Correct what the server names; it may be a policy of that cluster.',
    fixed: 'severity',
  },
  'server-unchecked': {
    summary: 'the API server was not reached, or could not decide',
    reason: 'An object that it was not asked about is not known to be accepted.',
    repair: 'Correct what the message names, and ask again.',
    couldNotCheck: true,
  },
  'server-warning': {
    summary: 'the API server warns of the object',
    reason: 'It takes it, and says that a field or a version is deprecated, has no effect, or is against a policy.',
    repair: 'Do what the warning says.',
  },
} as const satisfies Record<string, Rule>
