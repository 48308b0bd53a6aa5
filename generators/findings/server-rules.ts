import type { Rule } from './rule.ts'

/** What an API server says, asked by `validate --server`. */
export const SERVER_RULES = {
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
