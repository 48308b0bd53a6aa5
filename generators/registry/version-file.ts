import { dirname, join } from 'node:path'
import type { ModelInterface } from 'modelyard-serving/contract'
import { type GraphFacts, runtimeVersion } from 'modelyard-serving/session'
import type { VersionFile } from '../definitions/index.ts'
import { MODELS, type Repository } from '../repository/index.ts'
import { describeSource, type SourceFile } from './bundle-source.ts'
import type { Registration } from './register.ts'

/** The version file of a registration, and the files that it names, where they are and where they shall be. */
export async function versionFile(
  repository: Repository,
  request: Registration,
  modelInterface: ModelInterface,
  facts: GraphFacts,
  { evaluation, lineage }: Pick<VersionFile, 'evaluation' | 'lineage'>,
): Promise<{ version: VersionFile; copies: SourceFile[] }> {
  const modelFolder = `${MODELS}/${request.model}`
  const describe = (file: string, name: string) =>
    describeSource(repository.root, modelFolder, file, `artifacts/${request.version}/${name}`)
  const model = await describe(request.onnx, 'model.onnx')
  const externalData = await Promise.all(
    facts.externalData.map(async (name) => ({ name, ...(await describe(join(dirname(request.onnx), name), name)) })),
  )
  const samples = request.samples === undefined ? undefined : await describe(request.samples, 'samples.json')
  const baseline = request.baseline === undefined ? undefined : await describe(request.baseline, 'baseline.json')
  const version: VersionFile = {
    model: request.model,
    version: request.version,
    bundle: {
      model: model.bundleFile,
      ...(externalData.length > 0 && {
        externalData: externalData.map(({ name, bundleFile }) => ({ name, ...bundleFile })),
      }),
      ...(samples && { goldenSamples: samples.bundleFile }),
      ...(baseline && { baseline: baseline.bundleFile }),
    },
    interface: modelInterface,
    runtime: { opset: facts.opsets, onnxruntime: runtimeVersion() },
    evaluation,
    lineage,
  }
  return { version, copies: [model, ...externalData, samples, baseline].filter((file) => file !== undefined) }
}
