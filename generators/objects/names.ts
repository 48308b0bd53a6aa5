/** Names, labels and annotations: written by us alone, so that no upgrade of a library renames an object. */

export const ANNOTATIONS = {
  artifact: 'modelyard.dev/artifact-sha256',
  release: 'modelyard.dev/release',
} as const

/** Labels that never change during an object's life: a Deployment's selector cannot. */
export function selectorLabels(model: string): Record<string, string> {
  return { 'app.kubernetes.io/name': model, 'app.kubernetes.io/component': 'model-server' }
}

/** Labels of every object of a model. */
export function modelLabels(model: string, owner: string): Record<string, string> {
  return { ...selectorLabels(model), ...MANAGED, 'modelyard.dev/owner': owner }
}

/** Labels of every object. */
export const MANAGED: Record<string, string> = {
  'app.kubernetes.io/managed-by': 'modelyard',
  'app.kubernetes.io/part-of': 'modelyard',
}
