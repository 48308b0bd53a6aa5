import { App } from 'cdk8s'
import { ModelChart } from '../charts/index.ts'
import type { PlannedModel } from '../repository/index.ts'

/** An object as Kubernetes reads it; tests look into it freely. */
// biome-ignore lint/suspicious/noExplicitAny: a manifest has no narrower type
export type Manifest = any

/** The objects of one model by kind; the two ConfigMaps by what they are for. */
export function modelObjects(model: PlannedModel): Record<string, Manifest> {
  const objects: Manifest[] = new ModelChart(new App(), 'model', { model }).toJson()
  return Object.fromEntries(
    objects.map((object) => {
      const configMap = object.kind === 'ConfigMap' ? (object.immutable ? 'boot' : 'routing') : undefined
      return [configMap ?? object.kind, object]
    }),
  )
}
