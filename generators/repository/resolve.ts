import {
  type DefinedEnvironment,
  formatReference,
  namespaceOf,
  type PinFile,
  type Reference,
  type ReleaseFile,
} from '../definitions/index.ts'
import type { DocumentPath, Finding } from '../findings/index.ts'
import { contentDigest, nearest } from '../text/index.ts'
import type { Plan, PlannedEnvironment, PlannedModel, PlannedVersion } from './plan.ts'
import {
  isRelease,
  type Loaded,
  type LoadedEnvironment,
  type LoadedModel,
  paths,
  type Repository,
} from './repository.ts'
import { applyOverride, type EffectiveSettings, resolveSettings } from './settings.ts'
import { type TrafficProblem, trafficProblem } from './traffic-rules.ts'

/** Follows every pin to the facts it names. A pin that cannot be followed is a finding and its model is left out. */
export function resolvePlan(repository: Repository): Plan {
  const findings: Finding[] = []
  const environments = inPromotionOrder(repository, findings).map(
    (environment): PlannedEnvironment => ({
      definition: environment.definition.value,
      models: [...environment.pins].flatMap(([model, pin]) => {
        const planned = resolvePin(repository, environment, model, pin, findings)
        return planned ? [planned] : []
      }),
    }),
  )
  for (const environment of repository.environments.values())
    findings.push(...unknownOverrides(repository, environment))
  return { environments, findings }
}

/** `1.5.0-8f3c2a9d` with the digest of the release's content, whose first eight digits end the name. */
export function releaseReference(release: ReleaseFile): Required<Reference> {
  const digest = contentDigest(release)
  return { name: `${release.version}-${digest.slice(0, 8)}`, digest }
}

function inPromotionOrder(repository: Repository, findings: Finding[]): LoadedEnvironment[] {
  const ordered: LoadedEnvironment[] = []
  const visit = (environment: LoadedEnvironment, behind: string[]) => {
    if (ordered.includes(environment)) return
    const { name, promotesFrom } = environment.definition.value
    if (promotesFrom) {
      const source = repository.environments.get(promotesFrom.name)
      const isCycle = [...behind, name].includes(promotesFrom.name)
      if (source && !isCycle) visit(source, [...behind, name])
      if ((!source && !repository.unreadable.has(paths.environment(promotesFrom.name))) || isCycle) {
        findings.push(
          located('environment-source', environment.definition, ['promotesFrom'], {
            message: isCycle
              ? `${name} promotes from itself${promotesFrom.name === name ? '' : ` by way of ${promotesFrom.name}`}`
              : `promotes from "${promotesFrom.name}", which is no environment of this repository`,
            fix: 'Import the definition of an environment that comes before this one.',
          }),
        )
      }
    }
    ordered.push(environment)
  }
  for (const environment of repository.environments.values()) visit(environment, [])
  return ordered
}

function resolvePin(
  repository: Repository,
  environment: LoadedEnvironment,
  name: string,
  pin: Loaded<PinFile>,
  findings: Finding[],
): PlannedModel | undefined {
  const model = repository.models.get(name)
  if (!model) {
    const near = nearest(name, repository.models.keys())
    const message = `pins a model that does not exist: ${name}${near ? `; did you mean "${near}"?` : ''}`
    const fix = `Name the file after a folder of models/, or write ${paths.model(name)}.`
    findings.push(located('pin-unknown-model', pin, [], { message, fix }))
    return undefined
  }
  const follow = (path: DocumentPath, reference: Reference) =>
    followReference(repository, environment, model, reference, pin, path, findings)
  const { stable: pinned, stableDigest } = pin.value
  const stable = follow(['stable'], { name: pinned, ...(stableDigest !== undefined && { digest: stableDigest }) })
  if (!stable) return undefined
  const definition = environment.definition.value
  const { owner } = stable.sealedSettings
  const namespace = namespaceOf(definition.namespace, owner)
  if (namespace === undefined) {
    const message = `${name} belongs to ${owner}, which has no namespace in ${definition.name}`
    const fix = `Name one in byOwner({ ... }) of ${environment.definition.file}.`
    findings.push(located('owner-namespace-missing', pin, ['stable'], { message, fix }))
    return undefined
  }
  const override = definition.overrides?.find((item) => item.model === name)
  const planned: PlannedModel = {
    name,
    environment: definition,
    namespace,
    stable,
    effectiveSettings: applyOverride(stable.sealedSettings, override),
    ...(override?.scaleToZero && { scaleToZero: override.scaleToZero }),
  }
  const checkGpu = (path: DocumentPath, { resources }: EffectiveSettings) => {
    if (resources.gpu === undefined || definition.gpu !== undefined) return
    const message = `${name} requires ${resources.gpu} GPU${resources.gpu === 1 ? '' : 's'}, but ${definition.name} does not configure any`
    findings.push(
      located('gpu-missing', pin, path, { message, fix: `Write gpu: gpu() in ${environment.definition.file}.` }),
    )
  }
  const checkImage = (path: DocumentPath, { facts }: PlannedVersion) => {
    const { kind, images = {} } = definition.artifacts
    if (kind !== 'image' || images[`${name}@${facts.version}`] !== undefined) return
    const message = `${definition.name} names no image for ${name}@${facts.version}`
    findings.push(
      located('artifact-image-missing', pin, path, {
        message,
        fix: `Add it to imageVolumes({ ... }) in ${environment.definition.file}.`,
      }),
    )
  }
  const checkRegistry = (path: DocumentPath, version: PlannedVersion) => {
    for (const image of imagesOf(definition, name, version)) {
      if (isAllowedImage(definition, image)) continue
      const message = `${image.split('@')[0]} is in none of the registries of ${definition.name}: ${definition.imageRegistries?.join(', ')}`
      const fix = `Promote an image from one of them, or name its registry in imageRegistries of ${environment.definition.file}.`
      findings.push(located('serving-image-registry', pin, path, { message, fix }))
    }
  }
  checkGpu(['stable'], planned.effectiveSettings)
  checkImage(['stable'], stable)
  checkRegistry(['stable'], stable)
  if (!pin.value.candidate) return planned
  const { release, digest, ...routing } = pin.value.candidate
  const version = follow(['candidate', 'release'], { name: release, ...(digest !== undefined && { digest }) })
  if (!version) return planned
  const identical = sameVersion(stable, version)
  const problem = identical ?? trafficProblem(definition.traffic, pin.value.candidate, stable, version)
  if (problem) {
    const { field, ...said } = problem
    findings.push(located('candidate-not-servable', pin, ['candidate', field], said))
    return planned
  }
  findings.push(...undecidable(pin, stable))
  const effectiveSettings = applyOverride(version.sealedSettings, override)
  checkGpu(['candidate', 'release'], effectiveSettings)
  checkImage(['candidate', 'release'], version)
  checkRegistry(['candidate', 'release'], version)
  return { ...planned, candidate: { version, effectiveSettings, ...routing } }
}

/** Every image that a version runs from: the server's, and that of its artifact where the kubelet mounts it. */
export function imagesOf({ artifacts }: DefinedEnvironment, model: string, version: PlannedVersion): string[] {
  const mounted = artifacts.kind === 'image' ? artifacts.images?.[`${model}@${version.facts.version}`] : undefined
  return [version.servingImage, ...(mounted === undefined ? [] : [mounted])]
}

/** Whether an environment takes an image by the registry that it is from. */
export function isAllowedImage({ imageRegistries }: DefinedEnvironment, image: string): boolean {
  const [repository = ''] = image.split('@')
  return imageRegistries?.some((one) => repository === one || repository.startsWith(`${one}/`)) ?? true
}

/** What decides an A/B test must be something that requests have, and one thing. */
function undecidable(pin: Loaded<PinFile>, { facts }: PlannedVersion): Finding[] {
  const { mode, header, value, feature, salt } = pin.value.candidate ?? {}
  const wrong = (field: string, problem: Problem) => located('pin-invalid', pin, ['candidate', field], problem)
  const given = Object.entries({ header, value, feature, salt }).find(([, value]) => value !== undefined)?.[0]
  if (mode !== 'ab' && given !== undefined) {
    const message = `${given} decides who gets an A/B candidate, and this one is a ${mode}`
    return [wrong(given, { message, fix: 'Remove it, or write mode: ab.' })]
  }
  if (feature === undefined) return []
  if (header !== undefined) {
    const message = 'both header and feature are named, and one of them decides'
    return [wrong('feature', { message, fix: 'Remove one.' })]
  }
  const names = facts.interface.inputs.flatMap(({ columns = [] }) => columns.map(({ name }) => name))
  if (names.includes(feature)) return []
  const near = nearest(feature, names)
  const message = `version ${facts.version} has no feature "${feature}"${near ? `; did you mean "${near}"?` : ''}`
  return [wrong('feature', { message, fix: `Name one of ${names.join(', ')}.` })]
}

function sameVersion(stable: PlannedVersion, candidate: PlannedVersion): TrafficProblem | undefined {
  if (candidate.facts.version !== stable.facts.version) return undefined
  return {
    field: 'release',
    message: `the candidate is version ${candidate.facts.version}, which is the stable version too`,
    fix: 'Promote it to stable instead, or register the change as a version of its own.',
  }
}

function followReference(
  repository: Repository,
  environment: LoadedEnvironment,
  model: LoadedModel,
  { name: reference, digest }: Reference,
  pin: Loaded<PinFile>,
  path: DocumentPath,
  findings: Finding[],
): PlannedVersion | undefined {
  const { name: environmentName, promotesFrom, servingImage = '' } = environment.definition.value
  const refuse = (problem: Problem, rule: Finding['rule']) => {
    findings.push(located(rule, pin, path, problem))
    return undefined
  }
  if (promotesFrom && !isRelease(reference)) {
    const message = `${environmentName} takes sealed releases, and ${reference} is a bare version`
    const fix = `Run modelyard promote ${model.name} --from ${promotesFrom.name} --to ${environmentName}.`
    return refuse({ message, fix }, 'pin-not-a-release')
  }
  if (!isRelease(reference)) {
    const version = model.versions.get(reference)
    if (!version) return refuse(missing(repository, model, reference, false), 'pin-unknown-version')
    if (!model.definition) {
      const file = paths.model(model.name)
      if (repository.unreadable.has(file)) return undefined
      const message = `pins ${reference} of ${model.name}, and without ${file} nothing says how to run it`
      return refuse({ message, fix: 'Restore the file from Git, or remove the pin.' }, 'pin-unknown-model')
    }
    const sealedSettings = resolveSettings(model.definition.value)
    return { reference, facts: version.value, sealedSettings, servingImage }
  }
  const release = model.releases.get(reference)
  if (!release) return refuse(missing(repository, model, reference, true), 'pin-unknown-release')
  const version = model.versions.get(release.value.version)
  if (!version) {
    if (repository.unreadable.has(paths.version(model.name, release.value.version))) return undefined
    const message = `release ${reference} seals version ${release.value.version}, whose file is gone`
    return refuse({ message, fix: 'Restore it from Git.' }, 'pin-unknown-version')
  }
  const { settings: sealedSettings, servingImage: image } = release.value
  const sealed = releaseReference(release.value)
  if (digest === undefined && promotesFrom) {
    // It can be rendered all the same, so that a repository of before says everything that is wrong at once.
    const message = `names ${reference} without its digest, and names of eight digits can be made to fit`
    refuse({ message, fix: `Write ${formatReference(sealed)}, or run modelyard validate --fix.` }, 'pin-without-digest')
  }
  if (digest !== undefined && digest !== sealed.digest) {
    const message = `${reference} has another content than the pin names: sha256:${sealed.digest}`
    return refuse({ message, fix: `Restore ${release.file} from Git, or promote again.` }, 'release-edited')
  }
  return {
    reference,
    release: reference,
    releaseDigest: sealed.digest,
    facts: version.value,
    sealedSettings,
    servingImage: image,
  }
}

function missing(repository: Repository, model: LoadedModel, reference: string, release: boolean): Problem {
  const kind = release ? 'release' : 'version'
  const file = release ? paths.release(model.name, reference) : paths.version(model.name, reference)
  const known = [...(release ? model.releases : model.versions).keys()]
  if (repository.unreadable.has(file)) return { message: `${kind} ${reference} cannot be used`, fix: `Fix ${file}.` }
  return {
    message: `${kind} ${reference} of ${model.name} does not exist (${file})`,
    fix: known.length > 0 ? `Name one of ${known.join(', ')}.` : `Register one: modelyard register ${model.name} ...`,
  }
}

function unknownOverrides(repository: Repository, { definition }: LoadedEnvironment): Finding[] {
  return (definition.value.overrides ?? []).flatMap((override, index) =>
    repository.models.has(override.model) || repository.leftOut.has(override.model)
      ? []
      : [
          located('override-unknown-model', definition, ['overrides', index], {
            message: `overrides settings of "${override.model}", which is no model of this repository`,
            fix: 'Remove the override or import the right model.',
          }),
        ],
  )
}

interface Problem {
  message: string
  fix: string
}

function located(rule: Finding['rule'], source: Loaded<unknown>, path: DocumentPath, problem: Problem): Finding {
  const line = source.lineOf(path) ?? 1
  return { rule, severity: 'error', ...problem, file: source.file, line }
}
