import { ApiObject, App, type Chart } from 'cdk8s'
import { ArgoCdChart, BootstrapChart, EnvironmentChart, ModelChart } from '../charts/index.ts'
import type { Plan, PlannedEnvironment } from '../repository/index.ts'
import { formatYaml } from '../yaml/index.ts'

/** First line of every file that Modelyard writes under dist/; a file without it is somebody else's: an error, and never removed. */
export const HEADER = '# Written by `modelyard synth`; change models/ or environments/ instead.\n'

/** Rendered files by path relative to the repository's root, with forward slashes. */
export type Manifests = Map<string, string>

export interface Selection {
  environment?: string
  model?: string
}

/** Plan -> text: a pure function. One file an object, named after what the object is for. */
export function renderManifests(plan: Plan, selection: Selection = {}): Manifests {
  const manifests: Manifests = new Map()
  for (const environment of plan.environments) {
    if (selection.environment !== undefined && environment.definition.name !== selection.environment) continue
    renderEnvironment(environment, selection.model, manifests)
  }
  return manifests
}

/** The Argo CD Application of a model in one environment. */
export function applicationFile(environment: string, model: string): string {
  return `dist/${environment}/argocd/${environment}-model-${model}.yaml`
}

/** The ApplicationSet of an environment that has one instead of an Application for each model. */
export function applicationSetFile(environment: string): string {
  return `dist/${environment}/argocd/${environment}-models.yaml`
}

/** Folder of a model's objects in one environment. */
export function modelFolder(environment: string, model: string): string {
  return `dist/${environment}/models/${model}`
}

function renderEnvironment(environment: PlannedEnvironment, onlyModel: string | undefined, into: Manifests): void {
  const { definition, models } = environment
  const { name } = definition
  for (const model of models) {
    if (onlyModel !== undefined && model.name !== onlyModel) continue
    renderChart((app) => new ModelChart(app, model.name, { model }), modelFolder(name, model.name), into)
  }
  if (onlyModel !== undefined) {
    const argocd: Manifests = new Map()
    renderChart((app) => new ArgoCdChart(app, name, { environment }), `dist/${name}/argocd`, argocd)
    const file = applicationFile(name, onlyModel)
    const application = argocd.get(file)
    if (application !== undefined) into.set(file, application)
    return
  }
  renderChart((app) => new EnvironmentChart(app, name, { environment: definition }), `dist/${name}/environment`, into)
  renderChart((app) => new BootstrapChart(app, name, { environment: definition }), `dist/${name}/bootstrap`, into)
  renderChart((app) => new ArgoCdChart(app, name, { environment }), `dist/${name}/argocd`, into)
}

/** An App for each chart: with one App for many, every chart would resolve all the others again. */
function renderChart(create: (app: App) => Chart, folder: string, into: Manifests): void {
  const chart = create(new App())
  // Not `chart.apiObjects`: that leaves out the objects inside cdk8s-plus constructs.
  for (const object of chart.node.findAll().filter(ApiObject.isApiObject)) {
    into.set(`${folder}/${fileName(chart, object)}`, HEADER + formatYaml(inReadingOrder(object.toJson())))
  }
}

/** The construct's id in its chart: ours, and stable whatever the library names its children. */
function fileName(chart: Chart, object: ApiObject): string {
  const below = object.node.path.slice(chart.node.path.length + 1)
  return `${below.split('/')[0]}.yaml`
}

function inReadingOrder(manifest: Record<string, unknown>): Record<string, unknown> {
  const { apiVersion, kind, metadata, ...rest } = manifest
  return { apiVersion, kind, metadata, ...rest }
}
