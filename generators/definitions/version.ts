import type { ModelInterface } from 'modelyard-serving/contract'
import { parseReference } from './reference.ts'

/** One file of a version's bundle. */
export interface BundleFile {
  /**
   * Where the repository has it: a path relative to the model's folder, or `npm:<package>@<version>/<path>` for a file that an
   * installed package ships. Absent for files that only a store has.
   */
  path?: string
  /** 64 hexadecimal digits. */
  sha256: string
  /** Bytes. */
  size: number
}

/** `models/<model>/versions/<x.y.z>.yaml`: what one artifact is. Written by `modelyard register`, never changed. */
export interface VersionFile {
  model: string
  version: string
  bundle: {
    model: BundleFile
    /** Files that the graph names as external data; `name` is the relative path in the graph. */
    externalData?: (BundleFile & { name: string })[]
    goldenSamples?: BundleFile
    baseline?: BundleFile
  }
  interface: ModelInterface
  runtime: {
    /** Operator sets by domain; the empty domain is written `ai.onnx`. */
    opset: Record<string, number>
    /** onnxruntime-node that the golden samples were checked with. */
    onnxruntime: string
  }
  evaluation: {
    dataset: { name: string; split?: string; rows?: number; sha256?: string }
    metrics: Record<string, number>
    /** When they were measured: ISO 8601 with the offset. */
    measuredAt?: string
  }
  /** Run, data set, code and who trained it, as the training wrote it. */
  lineage: Record<string, unknown>
}

/** What a release seals beside the version: everything of `model.ts` that reaches a manifest, resolved. */
export interface SealedSettings {
  owner: string
  resources: { cpu: string; memory: string; cpuLimit: string; gpu?: number }
  replicas: { min: number; max: number }
  batching: { maxSize: number; maxDelayMs: number }
  slo: { latencyP99Ms: number; availability: number }
  strict: boolean
}

/** `models/<model>/releases/<x.y.z>-<digest>.yaml`: what runs together. The name ends in the digest of the content. */
export interface ReleaseFile {
  model: string
  version: string
  /** Content digest of the version file. */
  versionDigest: string
  servingImage: string
  settings: SealedSettings
}

/** `environments/<env>/pins/<model>.yaml`: what runs there. The names of releases, and apart from them the digests written after `@`. */
export interface PinFile {
  /** A version in a first environment, a release elsewhere. */
  stable: string
  /** SHA-256 of the content of the release, where the pin has it. */
  stableDigest?: string
  candidate?: {
    /** A version in a first environment, a release elsewhere. */
    release: string
    /** SHA-256 of the content of the release, where the pin has it. */
    digest?: string
    mode: 'canary' | 'ab' | 'shadow'
    /** Percent of requests. */
    weight: number
    /** `ab` only: the request header whose value decides; `x-request-id` when neither this nor `feature` is given. */
    header?: string
    /** `ab` behind a Gateway: requests whose `header` has this value get the candidate. */
    value?: string
    /** `ab` only, instead of a header: the named feature of the stable version whose value decides. */
    feature?: string
    /** `ab` only: another text picks other callers. Model and candidate when absent. */
    salt?: string
  }
}

/** A pin from what its file holds: `1.5.0-8f3c2a9d@sha256:...` are a name and a digest. */
export function readPin({ stable, candidate }: { stable: string; candidate?: PinFile['candidate'] }): PinFile {
  const { name, digest: stableDigest } = parseReference(stable)
  const pin = { stable: name, ...(stableDigest !== undefined && { stableDigest }) }
  if (candidate === undefined) return pin
  const { name: release, digest } = parseReference(candidate.release)
  return { ...pin, candidate: { ...candidate, release, ...(digest !== undefined && { digest }) } }
}
