import type { DefinedEnvironment, DefinedModel, PinFile, ReleaseFile, VersionFile } from '../definitions/index.ts'
import type { DocumentPath, Finding } from '../findings/index.ts'

/** A file of the repository that was read and found to be of the right form. */
export interface Loaded<T> {
  file: string
  text: string
  value: T
  lineOf(path: DocumentPath): number | undefined
}

export interface LoadedModel {
  name: string
  /** Absent when model.ts is missing or wrong; what is pinned by release can still be rendered. */
  definition?: Loaded<DefinedModel>
  versions: Map<string, Loaded<VersionFile>>
  releases: Map<string, Loaded<ReleaseFile>>
}

export interface LoadedEnvironment {
  definition: Loaded<DefinedEnvironment>
  pins: Map<string, Loaded<PinFile>>
}

/** All that people and machines wrote, as data. */
export interface Repository {
  /** Absolute. */
  root: string
  /** Absolute: the folder whose node_modules serves what `root` has not installed (a scratch work tree has none). */
  packagesRoot: string
  models: Map<string, LoadedModel>
  environments: Map<string, LoadedEnvironment>
  /** Files that exist but could not be read or are not of the right form; they have findings already. */
  unreadable: Set<string>
  /** Models that were not loaded, on request. */
  leftOut: Set<string>
  findings: Finding[]
}

export const MODELS = 'models'
export const ENVIRONMENTS = 'environments'

/** Paths of the repository's files, relative to its root. */
export const paths = {
  model: (model: string) => `${MODELS}/${model}/model.ts`,
  version: (model: string, version: string) => `${MODELS}/${model}/versions/${version}.yaml`,
  releases: (model: string) => `${MODELS}/${model}/releases/`,
  release: (model: string, release: string) => `${MODELS}/${model}/releases/${release}.yaml`,
  artifacts: (model: string, version: string) => `${MODELS}/${model}/artifacts/${version}`,
  evaluation: (model: string, sha256: string) => `${MODELS}/${model}/evaluation/${sha256}.csv`,
  environment: (environment: string) => `${ENVIRONMENTS}/${environment}/environment.ts`,
  pin: (environment: string, model: string) => `${ENVIRONMENTS}/${environment}/pins/${model}.yaml`,
}

/** True for `1.5.0-8f3c2a9d`, false for `1.5.0`. */
export function isRelease(reference: string): boolean {
  return reference.includes('-')
}
