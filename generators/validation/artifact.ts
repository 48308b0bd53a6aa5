import { readFile } from 'node:fs/promises'
import type { GoldenSamples } from 'modelyard-serving/contract'
import {
  checkGoldenSamples,
  compareInterface,
  createProcessSession,
  isBroken,
  limitsOf,
  ModelError,
  readModel,
  type Session,
  unsupportedBy,
} from 'modelyard-serving/session'
import type { BundleFile, VersionFile } from '../definitions/index.ts'
import type { DocumentPath, Finding } from '../findings/index.ts'
import { bundlePath, type Loaded, localContent, MODELS, pathFindings, type Repository } from '../repository/index.ts'
import { parsePath } from '../yaml/index.ts'

/** Every version that the repository has: digest and size of each file, the frozen interface against the ONNX graph, its golden samples. */
export async function checkArtifacts(repository: Repository): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const model of repository.models.values()) {
    for (const version of model.versions.values())
      findings.push(...(await checkVersion(repository, model.name, version)))
  }
  return findings
}

async function checkVersion(repository: Repository, model: string, version: Loaded<VersionFile>): Promise<Finding[]> {
  const { bundle } = version.value
  const entries: [DocumentPath, BundleFile][] = [
    [['bundle', 'model'], bundle.model],
    ...(bundle.externalData ?? []).map((file, index): [DocumentPath, BundleFile] => [
      ['bundle', 'externalData', index],
      file,
    ]),
    ...(bundle.goldenSamples
      ? [[['bundle', 'goldenSamples'], bundle.goldenSamples] as [DocumentPath, BundleFile]]
      : []),
    ...(bundle.baseline ? [[['bundle', 'baseline'], bundle.baseline] as [DocumentPath, BundleFile]] : []),
  ]
  const findings = (
    await Promise.all(entries.map(([path, file]) => checkFile(repository, model, version, path, file)))
  ).flat()
  const modelPath = bundlePath(repository, model, bundle.model)
  if (modelPath === undefined || findings.length > 0) return findings
  const differences = await checkGraph(modelPath, version)
  const samplesPath = bundle.goldenSamples && bundlePath(repository, model, bundle.goldenSamples)
  // What the graph differs by says why the samples fail; some graphs end the process when they are run.
  return differences.length > 0 || !samplesPath ? differences : checkSamples(modelPath, samplesPath, version)
}

/** The samples of the training framework, predicted again by what is here. */
async function checkSamples(modelPath: string, samplesPath: string, version: Loaded<VersionFile>): Promise<Finding[]> {
  const failed = (message: string, fix: string) =>
    located('golden-sample-failed', version, ['bundle', 'goldenSamples'], message, fix)
  let session: Session | undefined
  try {
    const golden = JSON.parse(await readFile(samplesPath, 'utf8')) as GoldenSamples
    const { model, externalData = [] } = version.value.bundle
    const bytes = [model, ...externalData].reduce((sum, { size }) => sum + size, 0)
    session = await createProcessSession(modelPath, version.value.interface, { limits: limitsOf(bytes) })
    const result = await checkGoldenSamples(session, version.value.interface, golden)
    const [first] = result.failed
    if (!first) return []
    const wrong = new Set(result.failed.map(({ id }) => id)).size
    const message = `${wrong} of ${result.samples} golden samples fail: ${first.message}`
    return [failed(message, 'Register the artifact whose predictions these are; onnxruntime-node may have changed.')]
  } catch (error) {
    if (error instanceof SyntaxError) return [failed('the golden samples are not JSON', 'Register the version again.')]
    if (!(error instanceof ModelError)) throw error
    if (isBroken(error)) {
      const fix = 'Correct the graph and register it again: no pod could run it beside others.'
      return [
        located('model-over-limits', version, ['bundle', 'model'], error.problems[0]?.message ?? error.message, fix),
      ]
    }
    return [located('model-unreadable', version, ['bundle', 'model'], error.message, 'Export the model anew.')]
  } finally {
    await session?.release()
  }
}

async function checkFile(
  repository: Repository,
  model: string,
  version: Loaded<VersionFile>,
  path: DocumentPath,
  file: BundleFile,
): Promise<Finding[]> {
  const isInModel = file.path !== undefined && !file.path.startsWith('npm:')
  const [problem] = isInModel ? pathFindings(repository.root, `${MODELS}/${model}/${file.path}`) : []
  if (problem) return [located('path-outside', version, [...path, 'path'], problem.message, problem.fix ?? '')]
  const content = await localContent(repository, model, file)
  const at = [...path, 'sha256']
  switch (content.state) {
    case 'whole':
      return []
    case 'store-only': {
      const message = `${path.slice(1).join('.')} is only in a store: its content could not be checked here`
      const fix = 'Check it where the store can be reached.'
      return [located('artifact-unavailable', version, path, message, fix, 'warning')]
    }
    case 'lfs-pointer': {
      const message = `${file.path} is a Git LFS pointer: its content is not on this machine`
      const fix = `Fetch it: git lfs pull --include "${MODELS}/${model}/${file.path}"`
      return [located('artifact-unavailable', version, at, message, fix, 'warning')]
    }
    case 'crlf': {
      const message = `${file.path} was checked out with CRLF line ends; apart from them it is what the version names`
      const fix =
        'Add "models/*/artifacts/** -text" to .gitattributes, remove the file and check it out again: git checkout -- <file>'
      return [located('artifact-digest', version, at, message, fix)]
    }
    case 'other': {
      const message = `${file.path} has sha256 ${content.sha256} (${content.size} bytes), and the version names ${file.sha256} (${file.size} bytes)`
      const fix = 'Restore the file from Git or the store, or register the changed one under the next version.'
      return [located('artifact-digest', version, at, message, fix)]
    }
    case 'unreadable': {
      const message = `${file.path} could not be read (${content.reason})`
      const fix = file.path?.startsWith('npm:')
        ? 'Run npm ci, development dependencies included.'
        : 'Restore the file from Git or from the store.'
      return [located('artifact-unavailable', version, [...path, 'path'], message, fix, 'warning')]
    }
    default:
      return content satisfies never
  }
}

async function checkGraph(modelPath: string, version: Loaded<VersionFile>): Promise<Finding[]> {
  try {
    const facts = await readModel(modelPath)
    const unsupported = unsupportedBy(facts).map((problem) =>
      located(
        'model-unsupported',
        version,
        ['bundle', 'model'],
        problem.message,
        problem.repair ?? 'Export the model anew.',
      ),
    )
    const differences = compareInterface(version.value.interface, facts).map((problem) => {
      const fix =
        problem.repair ?? 'Register the artifact again: the interface is frozen from the graph, never written by hand.'
      return located(
        'interface-differs',
        version,
        ['interface', ...parsePath(problem.path)],
        `${problem.path}: ${problem.message}`,
        fix,
      )
    })
    return [...unsupported, ...differences]
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    return [located('model-unreadable', version, ['bundle', 'model'], error.message, 'Export the model anew.')]
  }
}

function located(
  rule: Finding['rule'],
  version: Loaded<VersionFile>,
  path: DocumentPath,
  message: string,
  fix: string,
  severity: Finding['severity'] = 'error',
): Finding {
  return { rule, severity, message, file: version.file, line: version.lineOf(path) ?? 1, fix }
}
