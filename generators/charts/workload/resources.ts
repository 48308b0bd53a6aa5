import { k8s } from 'cdk8s-plus-28'
import { type PlannedModel, podResources } from '../../repository/index.ts'

/** Requests and limits of the pod's one container. */
export function containerResources(model: PlannedModel): k8s.ResourceRequirements {
  const { cpu, memory, cpuLimit, gpu } = podResources(model)
  const { resource = 'nvidia.com/gpu' } = model.environment.gpu ?? {}
  // Kubernetes wants limit and request of such a resource to be the same.
  const accelerators = gpu === undefined ? {} : { [resource]: k8s.Quantity.fromNumber(gpu) }
  const quantity = k8s.Quantity.fromString
  return {
    requests: { cpu: quantity(cpu), memory: quantity(memory), ...accelerators },
    limits: { cpu: quantity(cpuLimit), memory: quantity(memory), ...accelerators },
  }
}

export function hasGpu(model: PlannedModel): boolean {
  return podResources(model).gpu !== undefined
}
