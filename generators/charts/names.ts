/** Names, labels and annotations: written by us alone, so that no upgrade of a library renames an object. */

import type { PlacedNamespace } from '../definitions/index.ts'

export const ANNOTATIONS = {
  artifact: 'modelyard.dev/artifact-sha256',
  release: 'modelyard.dev/release',
} as const

/** What the pods and objects of a model are for: the stable version, a candidate with pods of its own, or all pods of a Rollout. */
export type Component = 'model-server' | 'model-candidate' | 'model-pods'

/** Labels that never change during an object's life: a Deployment's selector cannot. */
export function selectorLabels(model: string, component: Component = 'model-server'): Record<string, string> {
  return { ...anySelectorLabels(model), 'app.kubernetes.io/component': component }
}

/** Labels of the pods of both versions, and of no other. */
export function anySelectorLabels(model: string): Record<string, string> {
  return { 'app.kubernetes.io/name': model }
}

/** Labels of every object of a model. */
export function modelLabels(model: string, owner: string, component?: Component): Record<string, string> {
  return { ...selectorLabels(model, component), ...MANAGED, 'modelyard.dev/owner': owner }
}

/** Id of an object that each namespace has, which is its file's name: `resource-quota`, `resource-quota.models-risk`. */
export function idIn({ namespace, owner }: PlacedNamespace, object: string): string {
  return owner === undefined ? object : `${object}.${namespace}`
}

/** Labels of every object. */
export const MANAGED: Record<string, string> = {
  'app.kubernetes.io/managed-by': 'modelyard',
  'app.kubernetes.io/part-of': 'modelyard',
}
