import {
  type CpuQuantity,
  type DefinedEnvironment,
  type MemoryQuantity,
  parseCpu,
  parseMemory,
  type ScaleToZero,
  type SealedSettings,
} from '../definitions/index.ts'
import type { PlannedModel, PlannedVersion } from './plan.ts'
import { applyOverride, type EffectiveSettings } from './settings.ts'

/** What a pod of a model runs with. */
export type PodSettings = Omit<EffectiveSettings, symbol> & { image: string; scaleToZero?: ScaleToZero }

/** The traffic engine of an environment. Default: the server itself splits requests. */
export function trafficOf({ traffic }: DefinedEnvironment): NonNullable<DefinedEnvironment['traffic']> {
  return traffic ?? { engine: 'server-split' }
}

/** Whether a candidate is loaded by the stable version's pods; otherwise it has pods of its own. */
export function sharesPods(environment: DefinedEnvironment): boolean {
  return trafficOf(environment).engine === 'server-split'
}

/** Requests and limits of the one container of the stable version's pods: a candidate in the same pods adds its own. */
export function podResources({ effectiveSettings, candidate }: PlannedModel): SealedSettings['resources'] {
  return containerResources(effectiveSettings, candidate?.version.sealedSettings)
}

/** The pods that load a version once it is promoted. */
export interface HostPods {
  /** Memory limit in effect there: `512Mi`. */
  memory: MemoryQuantity
  /** Whether they hold the stable version too. */
  isShared: boolean
}

/** @param stable what the environment runs beside it; absent where the version replaces it or is the first */
export function hostPods(
  environment: DefinedEnvironment,
  { facts, sealedSettings }: PlannedVersion,
  stable: PlannedVersion | undefined,
): HostPods {
  const override = environment.overrides?.find(({ model }) => model === facts.model)
  const isShared = stable !== undefined && sharesPods(environment)
  const { memory } = isShared
    ? containerResources(applyOverride(stable.sealedSettings, override), sealedSettings)
    : applyOverride(sealedSettings, override).resources
  return { memory: memory as MemoryQuantity, isShared }
}

function containerResources(
  { resources }: EffectiveSettings,
  candidate: SealedSettings | undefined,
): SealedSettings['resources'] {
  // A candidate adds what its release seals: the override is for what the stable version needs.
  const all = [resources, ...(candidate ? [candidate.resources] : [])]
  const cpu = (field: 'cpu' | 'cpuLimit') => formatCpu(sum(all.map((item) => parseCpu(item[field] as CpuQuantity))))
  // Two versions in one process share its GPUs.
  const gpu = Math.max(...all.map((item) => item.gpu ?? 0))
  return {
    cpu: cpu('cpu'),
    memory: formatMemory(sum(all.map((item) => parseMemory(item.memory as MemoryQuantity)))),
    cpuLimit: cpu('cpuLimit'),
    ...(gpu > 0 && { gpu }),
  }
}

/** What the stable version's pods run with, a candidate that shares them included. */
export function podSettings(model: PlannedModel): PodSettings {
  const { effectiveSettings, stable, candidate, environment, scaleToZero } = model
  const shared = sharesPods(environment) ? candidate : undefined
  return {
    image: stable.servingImage,
    ...effectiveSettings,
    resources: containerResources(effectiveSettings, shared?.version.sealedSettings),
    ...(scaleToZero && { scaleToZero }),
  }
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
