import type { RuleId } from '../findings/index.ts'
import type { ObjectRule } from './object-rule.ts'
import { POLICY_RULES } from './policy/index.ts'
import { REFERENCE_RULES } from './references/index.ts'

/** What is checked of an object: what the API server refuses, what its names lead to, what a team should not do. */
export const LAYERS = ['schema', 'references', 'policy'] as const

export type Layer = (typeof LAYERS)[number]

const OBJECT_RULES: Record<Layer, readonly ObjectRule[]> = {
  schema: [],
  references: REFERENCE_RULES,
  policy: POLICY_RULES,
}

const SCHEMA_RULES: readonly RuleId[] = [
  'api-unknown',
  'schema-invalid',
  'schema-unknown-kind',
  'resource-rule-broken',
  'resource-rule-unchecked',
  'name-duplicate',
]

/** The rules of these layers that are about objects; none for schemas, which are not rules of ours. */
export function objectRulesOf(layers: readonly Layer[]): ObjectRule[] {
  return layers.flatMap((layer) => OBJECT_RULES[layer])
}

/** What is not found, or not everywhere, when only these layers are checked. */
export function rulesOutside(layers: readonly Layer[]): RuleId[] {
  const left = LAYERS.filter((layer) => !layers.includes(layer))
  return [...(left.includes('schema') ? SCHEMA_RULES : []), ...objectRulesOf(left).map(({ rule }) => rule)]
}
