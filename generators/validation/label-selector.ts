import { type Fields, itemsAt, mapAt, ownValue, textAt, textsAt } from './fields.ts'

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

/** Labels that controllers write on the pods that they make; those that follow from the name of the workload are known. */
const CONTROLLER_LABELS: ReadonlyMap<string, ((pod: PodOrigin, value: unknown) => boolean) | undefined> = new Map([
  ['apps.kubernetes.io/pod-index', undefined],
  ['batch.kubernetes.io/controller-uid', undefined],
  ['batch.kubernetes.io/cronjob-scheduled-timestamp', undefined],
  ['batch.kubernetes.io/job-completion-index', undefined],
  ['batch.kubernetes.io/job-name', isOfJob],
  ['controller-revision-hash', undefined],
  ['controller-uid', undefined],
  ['job-name', isOfJob],
  ['pod-template-generation', undefined],
  ['pod-template-hash', undefined],
  ['rollouts-pod-template-hash', undefined],
  ['statefulset.kubernetes.io/pod-name', isOfStatefulSet],
  ['topology.kubernetes.io/region', undefined],
  ['topology.kubernetes.io/zone', undefined],
])

/** The workload that makes a pod. */
export interface PodOrigin {
  kind: string
  name: string
}

function isOfStatefulSet({ kind, name }: PodOrigin, value: unknown): boolean {
  return kind === 'StatefulSet.apps' && String(value).replace(/\d+$/, '') === `${name}-`
}

function isOfJob({ kind, name }: PodOrigin, value: unknown): boolean {
  if (kind === 'CronJob.batch') return String(value).startsWith(`${name}-`)
  return kind === 'Job.batch' && value === name
}

/** The part of a selector that the labels of pod templates decide; the selector itself where that is all of it. */
export function templatePart(selector: LabelSelector): LabelSelector {
  const isWritten = (key: string) => !CONTROLLER_LABELS.has(key)
  if (selector.pairs.every(([key]) => isWritten(key)) && selector.expressions.every(({ key }) => isWritten(key))) {
    return selector
  }
  return {
    pairs: selector.pairs.filter(([key]) => isWritten(key)),
    expressions: selector.expressions.filter(({ key }) => isWritten(key)),
  }
}

/** Whether the pods of a workload get the labels of the selector that its controller writes. */
export function selectsOrigin({ pairs }: LabelSelector, origin: PodOrigin): boolean {
  return pairs.every(([key, value]) => CONTROLLER_LABELS.get(key)?.(origin, value) ?? true)
}

/**
 * Whether the selector asks for labels that no template of the files can decide: what only a controller knows, and keys of a
 * domain that none of them writes, as operators write on their pods.
 */
export function isBeyondTemplates(
  { pairs, expressions }: LabelSelector,
  isWritten: (domain: string) => boolean,
): boolean {
  const keys = [...pairs.map(([key]) => key), ...expressions.map(({ key }) => key)]
  if (keys.length > 0 && keys.every((key) => CONTROLLER_LABELS.has(key) && !CONTROLLER_LABELS.get(key))) return true
  return keys.some((key) => {
    const slash = key.indexOf('/')
    const domain = key.slice(0, Math.max(0, slash))
    return slash >= 0 && !CONTROLLER_LABELS.has(key) && !COMMON_DOMAINS.has(domain) && !isWritten(domain)
  })
}

/** Prefixes that everybody writes: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
const COMMON_DOMAINS = new Set(['app.kubernetes.io', 'helm.sh'])

export function selects({ pairs, expressions }: LabelSelector, labels: Fields): boolean {
  for (const [key, value] of pairs) if (labels[key] !== value) return false
  for (const { key, operator, values } of expressions) {
    const value = ownValue(labels, key)
    const isIn = typeof value === 'string' && values.includes(value)
    if (operator === 'In' && !isIn) return false
    if (operator === 'NotIn' && isIn) return false
    if (operator === 'Exists' && value === undefined) return false
    if (operator === 'DoesNotExist' && value !== undefined) return false
  }
  return true
}
