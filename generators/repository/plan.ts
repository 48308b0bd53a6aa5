import type { DefinedEnvironment, PinFile, ScaleToZero, SealedSettings, VersionFile } from '../definitions/index.ts'
import type { Finding } from '../findings/index.ts'
import type { EffectiveSettings } from './settings.ts'

/** A version as an environment's pin names it. */
export interface PlannedVersion {
  /** `1.5.0` or `1.5.0-8f3c2a9d`, as the pin says. */
  reference: string
  /** `1.5.0-8f3c2a9d`; absent in a first environment. */
  release?: string
  /** SHA-256 of the release's content; absent in a first environment. */
  releaseDigest?: string
  facts: VersionFile
  /** What the release seals, or model.ts says in a first environment: no pod runs with them before the environment's override. */
  sealedSettings: SealedSettings
  servingImage: string
}

export interface PlannedCandidate {
  version: PlannedVersion
  /** The candidate's, with the environment's override. */
  effectiveSettings: EffectiveSettings
  mode: NonNullable<PinFile['candidate']>['mode']
  /** Percent. */
  weight: number
  header?: string
  value?: string
  feature?: string
  salt?: string
}

/** One model in one environment: all that its manifests are made from. */
export interface PlannedModel {
  name: string
  environment: DefinedEnvironment
  /** Of the environment, or of the model's owner there. */
  namespace: string
  stable: PlannedVersion
  candidate?: PlannedCandidate
  /** Where there may be no pods: when there must be some. */
  scaleToZero?: ScaleToZero
  /** The stable version's, with the environment's override. */
  effectiveSettings: EffectiveSettings
}

export interface PlannedEnvironment {
  definition: DefinedEnvironment
  models: PlannedModel[]
}

/** What should run where: every reference resolved, in the order of promotion. */
export interface Plan {
  environments: PlannedEnvironment[]
  findings: Finding[]
}
