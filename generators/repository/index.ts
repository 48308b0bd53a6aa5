export { bundlePath } from './bundle-path.ts'
export { innerPath, isLink, pathFindings } from './inner-path.ts'
export { declaredInterface } from './interface.ts'
export { type InterfaceChange, interfaceChanges, requestChanges } from './interface-changes.ts'
export { loadRepository } from './load.ts'
export { loadPlan, requirePlan } from './load-plan.ts'
export { type LocalContent, localContent } from './local-content.ts'
export type { Plan, PlannedCandidate, PlannedEnvironment, PlannedModel, PlannedVersion } from './plan.ts'
export { type HostPods, hostPods, type PodSettings, podResources, podSettings, trafficOf } from './pod.ts'
export {
  isRelease,
  type Loaded,
  type LoadedEnvironment,
  type LoadedModel,
  MODELS,
  paths,
  type Repository,
} from './repository.ts'
export { imagesOf, isAllowedImage, releaseReference, resolvePlan } from './resolve.ts'
export { type SettingChange, settingChanges } from './setting-changes.ts'
export { applyOverride, type EffectiveSettings, resolveSettings } from './settings.ts'
