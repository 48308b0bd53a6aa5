import { type Fields, itemsAt, mapAt, textAt, textsAt } from './fields.ts'

/** A Kubernetes label selector, read once: pairs that must be there, and the expressions beside them. */
export interface LabelSelector {
  pairs: readonly (readonly [key: string, value: unknown])[]
  expressions: readonly { key: string; operator: string; values: readonly string[] }[]
}

/** `metav1.LabelSelector`, as Deployments, PodDisruptionBudgets and NetworkPolicies have it. */
export function labelSelector(fields: Fields): LabelSelector {
  return {
    pairs: Object.entries(mapAt(fields, 'matchLabels')),
    expressions: itemsAt(fields, 'matchExpressions').map((expression) => ({
      key: textAt(expression, 'key') ?? '',
      operator: textAt(expression, 'operator') ?? '',
      values: textsAt(expression, 'values'),
    })),
  }
}

/** The plain map of a Service. */
export function mapSelector(labels: Fields): LabelSelector {
  return { pairs: Object.entries(labels), expressions: [] }
}

/** An empty selector takes everything. */
export function isEmpty({ pairs, expressions }: LabelSelector): boolean {
  return pairs.length === 0 && expressions.length === 0
}

export function selects({ pairs, expressions }: LabelSelector, labels: Fields): boolean {
  for (const [key, value] of pairs) if (labels[key] !== value) return false
  for (const { key, operator, values } of expressions) {
    const value = labels[key]
    const isIn = typeof value === 'string' && values.includes(value)
    if (operator === 'In' && !isIn) return false
    if (operator === 'NotIn' && isIn) return false
    if (operator === 'Exists' && value === undefined) return false
    if (operator === 'DoesNotExist' && value !== undefined) return false
  }
  return true
}
