import { copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import type { GoldenSamples, ModelInterface } from 'modelyard-serving/contract'
import {
  checkGoldenSamples,
  compareInterface,
  createSession,
  type GraphFacts,
  ModelError,
  readModel,
  unsupportedBy,
} from 'modelyard-serving/session'
import { evaluateThreshold, type GateResult } from '../change-set/index.ts'
import type { DefinedModel, VersionFile } from '../define/index.ts'
import { Failure, type Finding, hasErrors } from '../findings/index.ts'
import { writeAtomically } from '../manifests/index.ts'
import { declaredInterface, type Loaded, MODELS, paths, type Repository } from '../plan/index.ts'
import { canonicalJson, formatYaml, parsePath } from '../text/index.ts'
import { describeSource, readJson, type SourceFile } from './bundle-source.ts'
import { checkBaselineFile, checkLineageFile, checkMetricsFile, checkSamplesFile } from './training-files.ts'

export interface Registration {
  model: string
  version: string
  /** Paths as the user gave them. */
  onnx: string
  metrics: string
  samples?: string
  baseline?: string
  lineage: string
}

/** What `register` decided; nothing is written before `writeRegistration`. */
export interface RegistrationPlan {
  findings: Finding[]
  gates: GateResult[]
  golden: { samples: number; maxRelativeError: number } | undefined
  /** Absent when findings forbid it. */
  outcome?: { kind: 'new' | 'unchanged'; file: string; text: string; copies: SourceFile[] }
}

const HEADER = '# Written by `modelyard register`; a version never changes, register the next one instead.\n'

/** Judges an artifact: signature, interface, golden samples, validation gates. Writes nothing. */
export async function planRegistration(repository: Repository, request: Registration): Promise<RegistrationPlan> {
  const definition = requireModel(repository, request.model)
  const facts = await graphFacts(request.onnx)
  const modelInterface = declaredInterface(definition.value)
  const findings = [...interfaceFindings(definition, modelInterface, facts, request.onnx)]
  const training = await readTraining(request, findings)
  const plan: RegistrationPlan = { findings, gates: [], golden: undefined }
  if (hasErrors(findings)) return plan

  if (training.samples) {
    plan.golden = await runGoldenSamples(request, modelInterface, facts, training.samples, findings)
  } else {
    const message =
      'registered without golden samples: nothing proves that it predicts what the training framework does'
    findings.push({
      rule: 'golden-samples-missing',
      severity: 'warning',
      message,
      file: request.onnx,
      fix: 'Give --samples.',
    })
  }
  plan.gates = (definition.value.gates?.validation ?? []).map((gate) =>
    evaluateThreshold(gate, training.evaluation.metrics),
  )
  findings.push(...gateFindings(definition, plan.gates))
  if (hasErrors(findings)) return plan

  const { version, copies } = await assemble(repository, request, modelInterface, facts, training)
  const file = paths.version(request.model, request.version)
  const registered = repository.models.get(request.model)?.versions.get(request.version)
  if (registered && canonicalJson(registered.value) !== canonicalJson(version)) {
    findings.push(differentVersion(registered, version))
    return plan
  }
  plan.outcome = { kind: registered ? 'unchanged' : 'new', file, text: HEADER + formatYaml(version), copies }
  return plan
}

/** Copies the bundle and writes the version file, in this order: a version file never names what is not there. */
export async function writeRegistration(repository: Repository, plan: RegistrationPlan): Promise<void> {
  if (!plan.outcome || plan.outcome.kind === 'unchanged') return
  for (const { source, target } of plan.outcome.copies) {
    if (target === undefined || target === source) continue
    await mkdir(dirname(target), { recursive: true })
    await copyFile(source, `${target}.tmp`)
    await rename(`${target}.tmp`, target)
  }
  await writeAtomically(join(repository.root, plan.outcome.file), plan.outcome.text)
}

function requireModel(repository: Repository, name: string): Loaded<DefinedModel> {
  const definition = repository.models.get(name)?.definition
  if (definition) return definition
  const findings = repository.findings.filter((finding) => finding.file === paths.model(name))
  throw new Failure(`there is no usable ${paths.model(name)}`, {
    fix: findings.length > 0 ? 'Mend the findings.' : 'Write it first: docs/registering.md shows how.',
    findings,
  })
}

async function graphFacts(file: string): Promise<GraphFacts> {
  try {
    return await readModel(file)
  } catch (error) {
    if (error instanceof ModelError)
      throw new Failure(error.message, { fix: 'Export the model to ONNX again.', cause: error })
    throw error
  }
}

function interfaceFindings(
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

interface Training {
  evaluation: VersionFile['evaluation']
  samples: GoldenSamples | undefined
  lineage: Record<string, unknown>
}

async function readTraining(request: Registration, findings: Finding[]): Promise<Training> {
  const read = async <T>(
    file: string,
    check: ReturnType<typeof import('../text/index.ts').schemaCheck>,
  ): Promise<T> => {
    const value = await readJson<T>(file)
    findings.push(...check(value, { file, lineOf: () => undefined }))
    return value
  }
  const evaluation = await read<VersionFile['evaluation']>(request.metrics, checkMetricsFile)
  const lineage = await read<Record<string, unknown>>(request.lineage, checkLineageFile)
  const samples =
    request.samples === undefined ? undefined : await read<GoldenSamples>(request.samples, checkSamplesFile)
  if (request.baseline !== undefined) await read(request.baseline, checkBaselineFile)
  return { evaluation, samples, lineage }
}

async function runGoldenSamples(
  request: Registration,
  modelInterface: ModelInterface,
  facts: GraphFacts,
  samples: GoldenSamples,
  findings: Finding[],
): Promise<RegistrationPlan['golden']> {
  const session = await createSession(request.onnx, modelInterface, { facts }).catch((error: unknown) => {
    throw error instanceof ModelError
      ? new Failure(error.message, { fix: 'Export the model to ONNX again.', cause: error })
      : error
  })
  try {
    const result = await checkGoldenSamples(session, modelInterface, samples)
    for (const { message } of result.failed.slice(0, 10)) {
      const fix = `${samples.source} computed another value: correct the export, or the tolerance if the difference is meant.`
      findings.push({ rule: 'golden-sample-failed', severity: 'error', message, file: request.samples ?? '', fix })
    }
    return { samples: result.samples, maxRelativeError: result.maxRelativeError }
  } finally {
    await session.release()
  }
}

function gateFindings(definition: Loaded<DefinedModel>, gates: GateResult[]): Finding[] {
  return gates.flatMap(({ name, result, detail }, index): Finding[] => {
    if (result === 'pass') return []
    const line = definition.lineOf(['gates', 'validation', index])
    return [
      {
        rule: 'gate-failed',
        severity: 'error',
        message: `validation gate ${name}: ${detail}`,
        file: definition.file,
        ...(line !== undefined && { line }),
        fix: 'Train a better version; a version that fails a validation gate is not registered.',
      },
    ]
  })
}

async function assemble(
  repository: Repository,
  request: Registration,
  modelInterface: ModelInterface,
  facts: GraphFacts,
  { evaluation, lineage }: Training,
): Promise<{ version: VersionFile; copies: SourceFile[] }> {
  const modelFolder = join(repository.root, MODELS, request.model)
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
    runtime: { opset: facts.opsets, onnxruntime: await runtimeVersion() },
    evaluation,
    lineage,
  }
  return { version, copies: [model, ...externalData, samples, baseline].filter((file) => file !== undefined) }
}

async function runtimeVersion(): Promise<string> {
  const manifest = createRequire(import.meta.resolve('modelyard-serving/session')).resolve(
    'onnxruntime-node/package.json',
  )
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version
}

function differentVersion(registered: Loaded<VersionFile>, version: VersionFile): Finding {
  const keys = Object.keys(version) as (keyof VersionFile)[]
  const changed = keys.filter((key) => canonicalJson(registered.value[key]) !== canonicalJson(version[key]))
  const line = registered.lineOf([changed[0] ?? 'version'])
  return {
    rule: 'version-exists',
    severity: 'error',
    message: `${version.model} ${version.version} is registered already, with another ${changed.join(', ')}`,
    file: relative('.', registered.file),
    ...(line !== undefined && { line }),
    fix: 'Register it under the next version: a registered version never changes.',
  }
}
