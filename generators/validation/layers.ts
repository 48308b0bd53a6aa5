import type { RuleId } from '../findings/index.ts'
import type { ObjectRule } from './object-rule.ts'
import { POLICY_RULES } from './policy/index.ts'
import { REFERENCE_RULES } from './references/index.ts'

/**
 * What is checked of an object: what the API server refuses, what its names lead to, what a team should not do; and what the API
 * server's own code says, which takes longer to start than the others together take.
 */
export const LAYERS = ['schema', 'references', 'policy', 'api-server'] as const

export type Layer = (typeof LAYERS)[number]

/** The layers of a run that names none. */
export const DEFAULT_LAYERS: readonly Layer[] = ['schema', 'references', 'policy']

const OBJECT_RULES: Record<Layer, readonly ObjectRule[]> = {
  schema: [],
  references: REFERENCE_RULES,
  policy: POLICY_RULES,
  'api-server': [],
}

const SCHEMA_RULES: readonly RuleId[] = [
  'api-unknown',
  'schema-invalid',
  'schema-unknown-kind',
  'resource-rule-broken',
  'resource-rule-unchecked',
  'name-duplicate',
]

const API_SERVER_RULES: readonly RuleId[] = ['api-server-refused', 'api-server-unchecked', 'api-server-warning']

/** The rules of these layers that are about objects; none for schemas, which are not rules of ours. */
export function objectRulesOf(layers: readonly Layer[]): ObjectRule[] {
  return layers.flatMap((layer) => OBJECT_RULES[layer])
}

/** What is not found, or not everywhere, when only these layers are checked. */
export function rulesOutside(layers: readonly Layer[]): RuleId[] {
  const left = LAYERS.filter((layer) => !layers.includes(layer))
  return [
    ...(left.includes('schema') ? SCHEMA_RULES : []),
    ...(left.includes('api-server') ? API_SERVER_RULES : []),
    ...objectRulesOf(left).map(({ rule }) => rule),
  ]
}
