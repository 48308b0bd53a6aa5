import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireEnvironment, requirePinned } from '../../generators/pins/index.ts'
import { type LocalPod, prepareLocalPod } from '../../generators/registry/index.ts'
import { loadRepository, requirePlan } from '../../generators/repository/index.ts'
import type { BootConfiguration, GoldenSample, GoldenSamples } from '../../serving/contract/index.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** One version of an example model, as a pod of an environment serves it. */
export interface Example {
  model: string
  version: string
  pod: LocalPod
  onnx: string
  trainScript: string
  /** Golden samples without missing values: every peer can answer them. */
  samples: GoldenSample[]
  /** A sample's features as the row of numbers that the estimator takes. */
  row(sample: GoldenSample): number[]
}

/** Lays out the pod of one model in an environment, in `directory`. */
export async function prepareExample(environment: string, model: string, directory: string): Promise<Example> {
  const repository = await loadRepository(ROOT)
  const planned = requirePinned(requireEnvironment(requirePlan(repository), environment), model)
  const pod = await prepareLocalPod(repository, planned, directory)
  const { models }: BootConfiguration = JSON.parse(readFileSync(pod.bootPath, 'utf8'))
  const [served] = models.flatMap(({ versions }) => versions)
  const columns = served?.interface.inputs[0]?.columns
  if (served?.goldenSamples === undefined || columns === undefined) throw new Error(`${model} has no named features`)
  const cached = (sha256: string) => join(pod.cacheDirectory, 'sha256', sha256)
  const { samples }: GoldenSamples = JSON.parse(readFileSync(cached(served.goldenSamples.sha256), 'utf8'))
  return {
    model,
    version: served.name,
    pod,
    onnx: cached(served.artifact.sha256),
    trainScript: join(ROOT, 'models', model, 'train', 'train.py'),
    samples: samples.filter(({ features = {} }) => Object.values(features).every((value) => value !== null)),
    row: ({ features = {} }) =>
      columns.map(({ name, categories }) => {
        const value = features[name]
        if (typeof value === 'number') return value
        const code = Array.isArray(categories) ? undefined : categories?.[String(value)]
        if (code === undefined) throw new Error(`${model}: ${name} is ${value}, which has no number`)
        return code
      }),
  }
}
