import type { Finding } from '../findings/index.ts'
import { compareCodeOwners, inspectDist, renderManifests } from '../manifests/index.ts'
import { loadRepository, type Plan, type Repository, resolvePlan } from '../repository/index.ts'
import { checkApplicationPaths } from './application-paths.ts'
import { checkArtifacts } from './artifact.ts'
import { checkObjects } from './check-objects.ts'
import { REPOSITORY_WORLD } from './cluster-scope.ts'
import { configured, openConfiguration, type Suppressed } from './configuration/index.ts'
import { checkBlastRadius } from './destructive-changes.ts'
import { checkHistory } from './history.ts'
import { DEFAULT_LAYERS, rulesOutside } from './layers.ts'
import { type ManifestObject, readManifests } from './manifest-objects.ts'
import { checkOwnership } from './ownership.ts'
import { checkDist, checkRepositoryRules } from './repository.ts'
import { checkResourceRules, checkSchema } from './schema/index.ts'
import { SERVER_RULES } from './validate-manifests.ts'

export interface Validation {
  findings: Finding[]
  suppressed: Suppressed[]
  /** What was looked at, for the closing line. */
  counts: { environments: number; models: number; versions: number; objects: number }
  /** False when the artifact layer was left out on request. */
  artifactsChecked: boolean
}

export interface ValidateOptions {
  /** Leaves the artifact layer out. */
  offline?: boolean
  packagesRoot?: string
  /** Folder of the repository as the change found it: what it does to that, and to a cluster that runs it, is told as well. */
  base?: string
  /** `2026-11-21`: suppressions end. Default: the day it is. */
  today?: string
}

/** Rules of layers that may be left out: what suppresses them is then not unused. */
const ARTIFACT_RULES = ['artifact-unavailable', 'artifact-digest'] as const
const CHANGE_RULES = [
  'data-removed',
  'object-removed',
  'replicas-removed',
  'immutable-field-changed',
  'name-changed',
  'promotion-order',
  'promotion-same-change',
] as const

/** Every check of a repository in one pass; writes nothing. Throws only when it cannot be read at all. */
export async function validateRepository(root: string, options: ValidateOptions = {}): Promise<Validation> {
  const { packagesRoot } = options
  const repository = await loadRepository(root, { ...(packagesRoot !== undefined && { packagesRoot }) })
  return validateLoaded(repository, resolvePlan(repository), options)
}

async function checkChange(
  base: string,
  repository: Repository,
  objects: readonly ManifestObject[],
): Promise<Finding[]> {
  const { packagesRoot } = repository
  return [
    ...checkBlastRadius(readManifests(base, 'dist').objects, objects, REPOSITORY_WORLD),
    ...checkHistory(await loadRepository(base, { packagesRoot }), repository),
  ]
}

/** The same for a repository that is loaded already. */
export async function validateLoaded(
  repository: Repository,
  plan: Plan,
  { offline = false, base, today }: ValidateOptions = {},
): Promise<Validation> {
  const configuration = openConfiguration(repository.root)
  const dist = readManifests(repository.root, 'dist')
  // With a definition or a pin that cannot be read, what dist/ should be is not known.
  const broken = [...repository.findings, ...plan.findings].some((finding) => finding.severity === 'error')
  const { changes, foreign } = await inspectDist(repository.root, broken ? new Map() : renderManifests(plan), {})
  const stale = broken ? [] : checkDist([...(await compareCodeOwners(repository)), ...changes])
  const findings = [
    ...repository.findings,
    ...plan.findings,
    ...checkRepositoryRules(repository, plan),
    ...stale,
    ...foreign,
    ...dist.findings,
    ...checkSchema(dist.objects),
    ...(await checkResourceRules(dist.objects)),
    ...checkObjects(dist.objects, { world: REPOSITORY_WORLD, ruleOptions: configuration.options }),
    ...(await checkApplicationPaths(repository.root, dist.objects)),
    ...(base ? await checkChange(base, repository, dist.objects) : []),
    ...(await checkOwnership(repository)),
    ...(offline ? [] : await checkArtifacts(repository)),
  ]
  const models = [...repository.models.values()]
  const result = configured(findings, configuration, {
    objects: dist.objects,
    comments: dist.comments,
    notLookedFor: [
      ...SERVER_RULES,
      ...rulesOutside(DEFAULT_LAYERS),
      ...(offline ? ARTIFACT_RULES : []),
      ...(base ? [] : CHANGE_RULES),
    ],
    isInSight: () => true,
    ...(today !== undefined && { today }),
  })
  return {
    ...result,
    counts: {
      environments: repository.environments.size,
      models: models.length,
      versions: models.reduce((sum, model) => sum + model.versions.size, 0),
      objects: dist.objects.length,
    },
    artifactsChecked: !offline,
  }
}
