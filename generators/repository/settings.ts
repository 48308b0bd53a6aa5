import {
  type DefinedModel,
  type Override,
  parseCpu,
  parseDuration,
  type ResourceSettings,
  type SealedSettings,
} from '../definitions/index.ts'

const DEFAULT_RESOURCES: ResourceSettings = { cpu: '250m', memory: '256Mi' }

/** Settings of a model with every default filled in: what a first environment runs with and a release seals. */
export function resolveSettings(model: DefinedModel): SealedSettings {
  const { serving = {}, slo } = model
  const { maxSize = 32, maxDelay = '0ms' } = serving.batching ?? {}
  return {
    owner: model.owner,
    resources: resolveResources(serving.resources ?? DEFAULT_RESOURCES),
    replicas: serving.replicas ?? { min: 2, max: 4 },
    batching: { maxSize, maxDelayMs: parseDuration(maxDelay) },
    slo: { latencyP99Ms: parseDuration(slo?.latencyP99 ?? '100ms'), availability: slo?.availability ?? 0.999 },
    strict: serving.strict ?? false,
  }
}

declare const effective: unique symbol

/**
 * What takes effect in one environment: sealed settings after the environment's override. A type of its own, so that no
 * sentence, gate or manifest about a pod reads what was sealed instead.
 */
export type EffectiveSettings = SealedSettings & { readonly [effective]: true }

/** Sealed settings with what this environment says about the place. */
export function applyOverride(sealed: SealedSettings, override: Override | undefined): EffectiveSettings {
  return {
    ...sealed,
    ...(override?.replicas && { replicas: override.replicas }),
    ...(override?.resources && { resources: resolveResources(override.resources) }),
  } as EffectiveSettings
}

function resolveResources({ cpu, memory, cpuLimit, gpu }: ResourceSettings): SealedSettings['resources'] {
  return { cpu, memory, cpuLimit: cpuLimit ?? (parseCpu(cpu) > 1 ? cpu : '1'), ...(gpu !== undefined && { gpu }) }
}
