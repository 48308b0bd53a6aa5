import type { k8s } from 'cdk8s-plus-28'
import type { Toleration } from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'
import { hasGpu } from './resources.ts'

/** Which nodes a pod may run on. */
export function placement(
  model: PlannedModel,
): Pick<k8s.PodSpec, 'priorityClassName' | 'nodeSelector' | 'tolerations'> {
  const { scheduling = {}, gpu } = model.environment
  const accelerated = hasGpu(model) ? gpu : undefined
  const { priorityClass } = scheduling
  const nodeSelector = { ...scheduling.nodeSelector, ...accelerated?.nodeSelector }
  const tolerations = [...(scheduling.tolerations ?? []), ...(accelerated?.tolerations ?? [])]
  return {
    ...(priorityClass !== undefined && {
      priorityClassName: typeof priorityClass === 'string' ? priorityClass : priorityClass.name,
    }),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(tolerations.length > 0 && { tolerations: tolerations.map(toleration) }),
  }
}

function toleration({ key, value, effect }: Toleration): k8s.Toleration {
  return {
    key,
    ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(effect !== undefined && { effect }),
  }
}

/** What a pod does when its model is already on every node or zone. */
export function spread({ environment }: PlannedModel): string {
  return environment.scheduling?.spread === 'required' ? 'DoNotSchedule' : 'ScheduleAnyway'
}
