import { dirname } from 'node:path'
import type { Baseline, GoldenSamples, ModelInterface } from 'modelyard-serving/contract'
import { compareInterface, type GraphFacts, ModelError, readModel, unsupportedBy } from 'modelyard-serving/session'
import type { DefinedModel } from '../definitions/index.ts'
import { Failure, type Finding } from '../findings/index.ts'
import { innerPath, type Loaded } from '../repository/index.ts'
import type { schemaCheck } from '../text/index.ts'
import { parsePath } from '../yaml/index.ts'
import { readJson, requireFile } from './bundle-source.ts'
import { checkBaselineFile, checkSamplesFile } from './training-files.ts'

/** @throws Failure when the file is not there or not ONNX */
export async function readGraph(file: string): Promise<GraphFacts> {
  requireFile(file)
  try {
    return await readModel(file)
  } catch (error) {
    if (error instanceof ModelError)
      throw new Failure(error.message, { fix: 'Export the model to ONNX again.', cause: error })
    throw error
  }
}

/** Golden samples and baseline that a training wrote, checked; findings where one is not what it should be. */
export async function readEvidence(files: {
  samples?: string
  baseline?: string
}): Promise<{ samples?: GoldenSamples; baseline?: Baseline; findings: Finding[] }> {
  const findings: Finding[] = []
  const read = async <T>(file: string, option: string, check: ReturnType<typeof schemaCheck>): Promise<T> => {
    const value = await readJson<T>(file, option)
    findings.push(...check(value, { file, lineOf: () => undefined }))
    return value
  }
  const { samples, baseline } = files
  return {
    ...(samples !== undefined && { samples: await read<GoldenSamples>(samples, '--samples', checkSamplesFile) }),
    ...(baseline !== undefined && { baseline: await read<Baseline>(baseline, '--baseline', checkBaselineFile) }),
    findings,
  }
}

/** @throws Failure when data that the graph keeps in other files is not beside it, in its folder or below */
export function requireExternalData(file: string, { externalData }: GraphFacts): void {
  const folder = dirname(file)
  for (const name of externalData) requireFile(innerPath(folder, name), 'Put the external data of the graph beside it.')
}

/** Whether the server can run the graph, and whether it is what model.ts declares. */
export function checkGraph(
  definition: Loaded<DefinedModel>,
  modelInterface: ModelInterface,
  facts: GraphFacts,
  file: string,
): Finding[] {
  const unsupported = unsupportedBy(facts).map((problem): Finding => {
    const fix = problem.repair ?? 'Export the model with types that ONNX Runtime returns to Node.'
    return { rule: 'model-unsupported', severity: 'error', message: `${problem.path}: ${problem.message}`, file, fix }
  })
  if (unsupported.length > 0) return unsupported
  return compareInterface(modelInterface, facts).map((problem): Finding => {
    const [side, index] = parsePath(problem.path)
    const name = side === 'inputs' || side === 'outputs' ? modelInterface[side][Number(index)]?.name : undefined
    const line = definition.lineOf(name === undefined ? [String(side)] : [String(side), name])
    return {
      rule: 'interface-differs',
      severity: 'error',
      message: `${problem.path}: ${problem.message}`,
      file: definition.file,
      ...(line !== undefined && { line }),
      fix: problem.repair ?? `Correct model.ts, or export ${file} with the names and types that model.ts declares.`,
    }
  })
}
