import { k8s } from 'cdk8s-plus-28'
import {
  type CpuQuantity,
  type MemoryQuantity,
  parseCpu,
  parseMemory,
  type SealedSettings,
} from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'

/** Requests and limits of the pod's one container: a candidate in the same pod adds its own. */
export function podResources(model: PlannedModel): k8s.ResourceRequirements {
  const { settings, candidate } = model
  const all = [settings.resources, ...(candidate ? [candidate.version.settings.resources] : [])]
  const cpu = (pick: (item: SealedSettings['resources']) => string) =>
    k8s.Quantity.fromString(formatCpu(sum(all.map((item) => parseCpu(pick(item) as CpuQuantity)))))
  const memory = k8s.Quantity.fromString(
    formatMemory(sum(all.map((item) => parseMemory(item.memory as MemoryQuantity)))),
  )
  const gpus = gpuCount(model)
  const { resource = 'nvidia.com/gpu' } = model.environment.gpu ?? {}
  // Two versions in one process share its GPUs. Kubernetes wants limit and request of such a resource to be the same.
  const accelerators = gpus === 0 ? {} : { [resource]: k8s.Quantity.fromNumber(gpus) }
  return {
    requests: { cpu: cpu((item) => item.cpu), memory, ...accelerators },
    limits: { cpu: cpu((item) => item.cpuLimit), memory, ...accelerators },
  }
}

/** GPUs of a pod. */
function gpuCount({ settings, candidate }: PlannedModel): number {
  return Math.max(settings.resources.gpu ?? 0, candidate?.version.settings.resources.gpu ?? 0)
}

export function hasGpu(model: PlannedModel): boolean {
  return gpuCount(model) > 0
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)

/** Kubernetes' canonical form, so that the API server gives back what was sent: `250m`, `2`. */
function formatCpu(cores: number): string {
  const thousandths = Math.round(cores * 1000)
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`
}

function formatMemory(bytes: number): string {
  const unit = bytes % 2 ** 30 === 0 ? 'Gi' : bytes % 2 ** 20 === 0 ? 'Mi' : 'Ki'
  return `${bytes / { Gi: 2 ** 30, Mi: 2 ** 20, Ki: 2 ** 10 }[unit]}${unit}`
}
