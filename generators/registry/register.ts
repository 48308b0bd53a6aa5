import { constants } from 'node:fs'
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Joining } from 'modelyard-serving/batcher'
import type { GoldenSamples, ModelInterface } from 'modelyard-serving/contract'
import {
  checkGoldenSamples,
  createProcessSession,
  type GraphFacts,
  isBroken,
  limitsOf,
  ModelError,
  type ModelLimits,
  madeUpFeeds,
  type ProcessSession,
} from 'modelyard-serving/session'
import type { DefinedModel, VersionFile } from '../definitions/index.ts'
import { Failure, type Finding, hasErrors } from '../findings/index.ts'
import { evaluateThreshold, type Verdict } from '../gates/index.ts'
import { writeAtomically } from '../manifests/index.ts'
import { declaredInterface, innerPath, type Loaded, paths, type Repository } from '../repository/index.ts'
import { canonicalJson, type schemaCheck } from '../text/index.ts'
import { formatYaml } from '../yaml/index.ts'
import { readJson, type SourceFile } from './bundle-source.ts'
import { checkGraph, readGraph, requireExternalData } from './graph.ts'
import { checkJoining } from './joining.ts'
import { missingTextHint, unprovedMissingTexts } from './missing-text.ts'
import { requireFiles } from './require-files.ts'
import { checkBaselineFile, checkLineageFile, checkMetricsFile, checkSamplesFile } from './training-files.ts'
import { versionFile } from './version-file.ts'

export interface Registration {
  model: string
  version: string
  /** Paths as the user gave them. */
  onnx: string
  metrics: string
  samples?: string
  baseline?: string
  lineage: string
  /** What the model may take here. Default: by its size. */
  limits?: Partial<ModelLimits>
}

/** What `register` decided; nothing is written before `writeRegistration`. */
export interface RegistrationPlan {
  findings: Finding[]
  gates: Verdict[]
  /** `maxToleranceShare`: the largest error as a share of what the samples' tolerance allows. */
  golden: { samples: number; maxToleranceShare: number } | undefined
  /** Whether requests share calls; undefined when the model was not tried, or predicts wrongly. */
  joining: Joining | undefined
  /** Absent when findings forbid it. */
  outcome?: { kind: 'new' | 'unchanged'; file: string; text: string; copies: SourceFile[] }
}

const HEADER = '# Written by `modelyard register`; a version never changes, register the next one instead.\n'

/** Judges an artifact: signature, interface, golden samples, validation gates. Writes nothing. */
export async function planRegistration(repository: Repository, request: Registration): Promise<RegistrationPlan> {
  const definition = requireModel(repository, request.model)
  requireVersion(request.version)
  await requireFiles(request)
  const facts = await readGraph(request.onnx)
  const modelInterface = declaredInterface(definition.value)
  const findings = checkGraph(definition, modelInterface, facts, request.onnx)
  const training = await readTraining(request, findings)
  const plan: RegistrationPlan = { findings, gates: [], golden: undefined, joining: undefined }
  if (hasErrors(findings)) return plan
  requireExternalData(request.onnx, facts)

  Object.assign(
    plan,
    await tryModel(request, definition, { modelInterface, facts, samples: training.samples }, findings),
  )
  if (training.samples) {
    findings.push(...unprovedMissingTexts(modelInterface, training.samples, request.samples ?? request.onnx))
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

  const { version, copies } = await versionFile(repository, request, modelInterface, facts, training)
  const file = paths.version(request.model, request.version)
  const registered = repository.models.get(request.model)?.versions.get(request.version)
  // The samples pass with the runtime of today too: what they were first checked with stays on record.
  if (registered) version.runtime.onnxruntime = registered.value.runtime.onnxruntime
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
    if (target === undefined || join(repository.root, target) === source) continue
    const file = innerPath(repository.root, target)
    await mkdir(dirname(file), { recursive: true })
    await rm(`${file}.tmp`, { force: true })
    await copyFile(source, `${file}.tmp`, constants.COPYFILE_EXCL)
    await rename(`${file}.tmp`, file)
  }
  await writeAtomically(repository.root, plan.outcome.file, plan.outcome.text)
}

function requireModel(repository: Repository, name: string): Loaded<DefinedModel> {
  const definition = repository.models.get(name)?.definition
  if (definition) return definition
  const findings = repository.findings.filter((finding) => finding.file === paths.model(name))
  throw new Failure(`there is no usable ${paths.model(name)}`, {
    fix: findings.length > 0 ? 'Fix the findings.' : 'Write it first: docs/registering.md shows how.',
    findings,
  })
}

/** Before it becomes part of a path. */
function requireVersion(version: string): void {
  if (/^\d+\.\d+\.\d+$/.test(version)) return
  throw new Failure(`invalid version: ${version}`, { fix: 'Write three numbers, such as --version 1.5.0.' })
}

interface Training {
  evaluation: VersionFile['evaluation']
  samples: GoldenSamples | undefined
  lineage: Record<string, unknown>
}

async function readTraining(request: Registration, findings: Finding[]): Promise<Training> {
  const read = async <T>(file: string, option: string, check: ReturnType<typeof schemaCheck>): Promise<T> => {
    const value = await readJson<T>(file, option)
    findings.push(...check(value, { file, lineOf: () => undefined }))
    return value
  }
  const { metrics, lineage, samples, baseline } = request
  const training: Training = {
    evaluation: await read(metrics, '--metrics', checkMetricsFile),
    lineage: await read(lineage, '--lineage', checkLineageFile),
    samples: samples === undefined ? undefined : await read(samples, '--samples', checkSamplesFile),
  }
  if (baseline !== undefined) await read(baseline, '--baseline', checkBaselineFile)
  return training
}

interface Tried {
  modelInterface: ModelInterface
  facts: GraphFacts
  samples: GoldenSamples | undefined
}

/** Opens the model and asks it, in a process of its own: its samples, or one request that is made up; then many joined. */
async function tryModel(
  request: Registration,
  definition: Loaded<DefinedModel>,
  { modelInterface, facts, samples }: Tried,
  findings: Finding[],
): Promise<Pick<RegistrationPlan, 'golden' | 'joining'>> {
  const limits = { ...limitsOf(await bytesOf(request.onnx, facts)), ...request.limits }
  let session: ProcessSession | undefined
  try {
    session = await createProcessSession(request.onnx, modelInterface, { limits })
    if (samples === undefined) {
      await session.run(madeUpFeeds(modelInterface)).catch((error: unknown) => {
        // A made-up request may be refused; it must not break anything.
        if (isBroken(error)) throw error
      })
    }
    const result = samples && (await checkGoldenSamples(session, modelInterface, samples))
    const hint =
      samples && result?.passed === false ? await missingTextHint(session, modelInterface, samples) : undefined
    for (const { message } of result?.failed.slice(0, 10) ?? []) {
      const fix =
        hint ??
        `${samples?.source} computed another value: correct the export, or the tolerance if the difference is meant.`
      findings.push({ rule: 'golden-sample-failed', severity: 'error', message, file: request.samples ?? '', fix })
    }
    const golden = result && { samples: result.samples, maxToleranceShare: result.maxToleranceShare }
    if (result?.passed === false) return { golden, joining: undefined }
    const { joining, findings: own } = await checkJoining(definition, request.onnx, session, samples)
    findings.push(...own)
    return { golden, joining }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    const fix = isBroken(error)
      ? 'Correct the graph: no pod could run it beside others.'
      : (error.problems[0]?.repair ?? 'Export the model to ONNX again.')
    throw new Failure(error.message, { fix, cause: error })
  } finally {
    await session?.release()
  }
}

/** Of the model and its external data. */
async function bytesOf(onnx: string, { externalData }: GraphFacts): Promise<number> {
  const files = [onnx, ...externalData.map((name) => join(dirname(onnx), name))]
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function gateFindings(definition: Loaded<DefinedModel>, gates: Verdict[]): Finding[] {
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

function differentVersion(registered: Loaded<VersionFile>, version: VersionFile): Finding {
  const keys = Object.keys(version) as (keyof VersionFile)[]
  const changed = keys.filter((key) => canonicalJson(registered.value[key]) !== canonicalJson(version[key]))
  const line = registered.lineOf([changed[0] ?? 'version'])
  return {
    rule: 'version-exists',
    severity: 'error',
    message: `${version.model} ${version.version} is registered already, with another ${changed.join(', ')}`,
    file: registered.file,
    ...(line !== undefined && { line }),
    fix: 'Register it under the next version: a registered version never changes.',
  }
}
