import { describeObstacle } from '../batcher/index.ts'
import type { Column, ServedVersion } from '../contract/index.ts'
import type { LoadedVersion, ServedModel } from '../models/index.ts'
import { exampleInference, exampleRecords, type InferenceExample } from './openapi/index.ts'

/** What the page shows of a model. No address of an artifact: that is for those who run the server. */
export interface ModelDescription {
  name: string
  state: string
  /** Names of the versions that answer. */
  versions: string[]
  /** The stable version; absent while it does not answer. */
  stable?: VersionDescription
}

export interface VersionDescription {
  name: string
  release?: string
  sha256: string
  size: number
  strict: boolean
  /** Whether requests share calls of the model, and why not; absent when another server answers. */
  batching?: { joined: true } | { joined: false; reason: string }
  /** Null for a model of raw tensors. */
  features: Column[] | null
  outputs: ServedVersion['interface']['outputs']
  card: NonNullable<ServedVersion['card']>
  examples: { id: string; record: Record<string, unknown> }[]
  inference: InferenceExample
}

export function describeModel(model: ServedModel): ModelDescription {
  const { name, state, versions } = model.state()
  const stable = model.version()
  return { name, state, versions, ...(stable && { stable: describeVersion(stable) }) }
}

function describeVersion({ served, encode, examples, joining }: LoadedVersion): VersionDescription {
  const { inputs, outputs } = served.interface
  return {
    name: served.name,
    ...(served.release !== undefined && { release: served.release }),
    sha256: served.artifact.sha256,
    size: served.artifact.externalData.reduce((sum, file) => sum + file.size, served.artifact.size),
    strict: served.strict,
    ...(joining && {
      batching: joining.joined ? joining : { joined: false, reason: describeObstacle(joining.obstacle) },
    }),
    features: encode === null ? null : inputs.flatMap(({ columns = [] }) => columns),
    outputs,
    card: served.card ?? {},
    examples: encode === null ? [] : exampleRecords(served.interface, examples),
    inference: exampleInference(served.interface, examples),
  }
}
