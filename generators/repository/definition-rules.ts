import type {
  DefinedEnvironment,
  DefinedModel,
  Feature,
  FeatureColumns,
  ResourceSettings,
} from '../definitions/index.ts'
import { parseCpu } from '../definitions/index.ts'
import type { DocumentPath, Finding } from '../findings/index.ts'
import type { Located } from '../text/index.ts'
import { checkEngines } from './environment-rules.ts'
import { checkEnvironmentGates, checkModelGates } from './gate-rules.ts'
import { type Report, reporter } from './report.ts'

/** What must hold in a model definition that has passed its schema. */
export function checkModelDefinition(model: DefinedModel, folder: string, located: Located): Finding[] {
  const findings: Finding[] = []
  const report = reporter(located, findings)
  checkName(model.name, folder, report)
  for (const { path, features, matrix } of featureGroups(model)) {
    for (const [name, feature] of Object.entries(features)) {
      checkFeature([...path, name], matrix ? { ...feature, datatype: matrix } : feature, report)
    }
  }
  const named = featureGroups(model).flatMap(({ path, features }) =>
    Object.keys(features).map((name) => ({ path, name })),
  )
  for (const [index, { path, name }] of named.entries()) {
    if (named.findIndex((other) => other.name === name) < index) {
      report(
        [...path, name],
        'two inputs have a feature of this name',
        'Rename one: a request names each feature once.',
      )
    }
  }
  for (const [name, output] of Object.entries(model.outputs)) {
    const last = output.shape.at(-1)
    if (output.labels && typeof last === 'number' && output.labels.length !== last) {
      const message = `${output.labels.length} labels for a last dimension of ${last}`
      report(['outputs', name, 'labels'], message, 'Give one label for each column.')
    }
  }
  checkServing(model, report)
  checkModelGates(model, report)
  return findings
}

function checkServing({ serving }: DefinedModel, report: Report): void {
  if (serving?.replicas) checkReplicas(['serving', 'replicas'], serving.replicas, report)
  if (serving?.resources) checkResources(['serving', 'resources'], serving.resources, report)
}

/** What must hold in an environment definition that has passed its schema. */
export function checkEnvironmentDefinition(
  environment: DefinedEnvironment,
  folder: string,
  located: Located,
): Finding[] {
  const findings: Finding[] = []
  const report = reporter(located, findings)
  checkName(environment.name, folder, report)
  if (!environment.promotesFrom && !environment.servingImage) {
    report(['servingImage'], 'is required in a first environment', 'Name the server image by digest.')
  }
  if (environment.promotesFrom && environment.servingImage) {
    const fix = 'Remove it, or remove promotesFrom.'
    report(['servingImage'], 'is sealed in each release that is promoted into this environment', fix)
  }
  checkEngines(environment, report)
  const overrides = environment.overrides ?? []
  for (const [index, item] of overrides.entries()) {
    if (item.replicas) checkReplicas(['overrides', index, 'replicas'], item.replicas, report)
    if (item.resources) checkResources(['overrides', index, 'resources'], item.resources, report)
    if (overrides.findIndex((other) => other.model === item.model) < index) {
      report(['overrides', index], `a second override of ${item.model}`, 'Write all its settings in one.')
    }
  }
  checkEnvironmentGates(environment, report)
  return findings
}

function checkName(name: string, folder: string, report: Report): void {
  if (name !== folder) report(['name'], `"${name}" stands in folder "${folder}"`, 'Give both the same name.')
}

function checkReplicas(path: DocumentPath, replicas: { min: number; max: number }, report: Report): void {
  if (replicas.min > replicas.max) {
    report(path, `min ${replicas.min} is above max ${replicas.max}`, 'Raise max or lower min.')
  }
}

function checkResources(path: DocumentPath, { cpu, cpuLimit }: ResourceSettings, report: Report): void {
  if (cpuLimit && parseCpu(cpuLimit) < parseCpu(cpu)) {
    report([...path, 'cpuLimit'], `${cpuLimit} is below the request ${cpu}`, 'Raise it.')
  }
}

/** @param feature with the datatype of the tensor that holds it */
function checkFeature(path: DocumentPath, feature: Feature, report: Report): void {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, example, categories } = feature
  if (min > max) report([...path, 'min'], `min ${min} is above max ${max}`, 'Swap them.')
  if (typeof example === 'number' && (example < min || example > max)) {
    report([...path, 'example'], `${example} is outside ${min} to ${max}`, 'Give a typical value.')
  }
  if (feature.kind === 'category') {
    const labels = Array.isArray(categories) ? categories : Object.keys(categories ?? {})
    if (labels.length === 0) report(path, 'has no categories', 'Name at least one.')
    if (example !== undefined && !labels.includes(String(example))) {
      report([...path, 'example'], `"${example}" is not one of ${labels.join(', ')}`, 'Give one of the labels.')
    }
  }
  if (Array.isArray(categories) && feature.datatype !== 'string') {
    const message = `a list of labels is passed on as text, and the tensor holds ${feature.datatype}`
    report(path, message, 'Give the number that the graph expects for each label: { no: 0, yes: 1 }.')
  }
  if (feature.missingText !== undefined && !(feature.missing && feature.datatype === 'string')) {
    const fix = 'Add missing: true, or remove missingText; a missing number is NaN.'
    report([...path, 'missingText'], 'only a text that may be missing has one', fix)
  }
  const holdsNaN = /^(float|string)/.test(feature.datatype)
  if (feature.missing && !holdsNaN) {
    const message = `a missing value cannot be told from a number in a tensor of ${feature.datatype}`
    report([...path, 'missing'], message, "Use datatype: 'float32'.")
  }
}

interface FeatureGroup {
  path: DocumentPath
  features: Record<string, Feature>
  /** Datatype of the one tensor that holds them all; absent where each has its own. */
  matrix?: Feature['datatype']
}

/** The groups of named features of a model, with where each stands in its definition. */
function featureGroups(model: DefinedModel): FeatureGroup[] {
  if (isColumns(model.inputs)) return [{ path: ['inputs', 'columns'], features: model.inputs.columns }]
  return Object.entries(model.inputs).flatMap(([name, input]) =>
    'matrix' in input ? [{ path: ['inputs', name, 'features'], features: input.features, matrix: input.matrix }] : [],
  )
}

/** `columns({...})`, as against inputs by name one of which may be called "columns"; a feature may be called "datatype". */
export function isColumns(inputs: DefinedModel['inputs']): inputs is FeatureColumns {
  if (!('columns' in inputs)) return false
  const { datatype, matrix } = inputs.columns as Record<string, unknown>
  return typeof datatype !== 'string' && typeof matrix !== 'string'
}
