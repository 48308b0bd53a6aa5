import type { PinFile, Reference, ReleaseFile } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import {
  type Loaded,
  type Plan,
  type PlannedModel,
  type PlannedVersion,
  paths,
  type Repository,
  releaseReference,
} from '../repository/index.ts'
import { canonicalJson, contentDigest } from '../text/index.ts'
import { formatYaml } from '../yaml/index.ts'
import {
  type CandidateMode,
  type PinChange,
  type PromotionChange,
  requireEnvironment,
  requirePinned,
  withCandidate,
  withStable,
} from './pin-change.ts'

export interface PromotionRequest {
  model: string
  from: string
  to: string
  /** Beside the stable version, with a share of requests, instead of in its place. */
  candidate?: CandidateMode
  /** Digest of a serving image (`sha256:...`) that the source runs: it is promoted, and the version stays. */
  image?: string
}

const RELEASE_HEADER =
  '# Sealed by `modelyard promote`; its name ends in the digest of its content, so an edit is seen.\n'

/**
 * Decides a promotion; writes nothing. Undefined when the target runs that release already.
 * No gate is judged yet: `judge` does, once there is something to judge by.
 * @throws Failure for names that do not exist and environments that do not follow each other
 */
export function planPromotion(
  repository: Repository,
  plan: Plan,
  request: PromotionRequest,
): PromotionChange | undefined {
  const { model, from, to } = request
  const target = requireEnvironment(plan, to)
  const source = requireEnvironment(plan, from)
  if (target.definition.promotesFrom?.name !== from) {
    const fix = target.definition.promotesFrom
      ? `Promote from ${target.definition.promotesFrom.name}.`
      : `${to} is a first environment: its pins name versions, by hand.`
    throw new Failure(`${to} does not take releases from ${from}`, { fix })
  }
  const champion = target.models.find(({ name }) => name === model)
  const running = requirePinned(source, model, repository.leftOut)
  const pinned =
    request.image === undefined
      ? running
      : withImage(request, running, requirePinned(target, model, repository.leftOut))
  if (!pinned) return undefined
  const release = pinned.stable.release === undefined ? seal(repository, pinned) : undefined
  const { release: name = release?.reference.name ?? '', releaseDigest: digest = release?.reference.digest } =
    pinned.stable
  const reference = { name, ...(digest !== undefined && { digest }) }
  const pin = repository.environments.get(to)?.pins.get(model)
  const written = request.candidate
    ? startCandidate(request, request.candidate, reference, pin)
    : replaceStable(request, pinned.stable, reference, pin)
  if (!written) return undefined
  return {
    model,
    environment: to,
    ...(champion && { from: champion.stable }),
    to: name,
    mode: request.candidate ?? { kind: 'stable' },
    pin: written,
    ...(release?.isNew && { release: release.file }),
    promoted: pinned.stable,
    gates: [],
    findings: [],
  }
}

/** What the target runs, in the image that the source runs; undefined when it is in that image already. */
function withImage(
  { model, from, to, image = '', candidate }: PromotionRequest,
  source: PlannedModel,
  target: PlannedModel,
): PlannedModel | undefined {
  const { servingImage } = source.stable
  if (!servingImage.endsWith(`@${image}`)) {
    throw new Failure(`${from} runs ${model} in ${servingImage}, not in ${image}`, {
      fix: `Bring the image to ${from} first, or name the digest that runs there.`,
    })
  }
  if (candidate || target.candidate) {
    throw new Failure(`a candidate of ${model} shares its pods with the stable version, and so the image`, {
      fix: candidate
        ? 'Leave --candidate out.'
        : `End it first: modelyard candidate ${model} --env ${to} --finish (or --abort)`,
    })
  }
  if (target.stable.servingImage === servingImage) return undefined
  const { release: _, releaseDigest: __, ...stable } = target.stable
  return { ...target, stable: { ...stable, servingImage } }
}

function replaceStable(
  { model, to }: PromotionRequest,
  { facts }: PlannedVersion,
  reference: Reference,
  pin: Loaded<PinFile> | undefined,
): PinChange['pin'] | undefined {
  if (pin?.value.stable === reference.name) return undefined
  if (pin && pin.value.candidate?.release.split('-')[0] === facts.version) {
    throw new Failure(`${model} ${reference.name} is already the candidate in ${to}; finish or abort it first`, {
      fix: `Make it the stable version with: modelyard candidate ${model} --env ${to} --finish`,
    })
  }
  return withStable(paths.pin(to, model), pin?.text, reference)
}

function startCandidate(
  { model, to }: PromotionRequest,
  mode: CandidateMode,
  reference: Reference,
  pin: Loaded<PinFile> | undefined,
): PinChange['pin'] | undefined {
  if (!pin) {
    throw new Failure(`${model} does not run in ${to}: a candidate needs a stable version beside it`, {
      fix: 'Leave --candidate out for the first version.',
    })
  }
  const { stable, candidate } = pin.value
  if (stable === reference.name) return undefined
  if (!candidate) return withCandidate(pin.file, pin.text, reference, mode)
  const { release, digest: _, mode: kind, ...share } = candidate
  if (release === reference.name && canonicalJson({ kind, ...share }) === canonicalJson(mode)) return undefined
  const fix =
    release === reference.name
      ? `Change its share with: modelyard candidate ${model} --env ${to} --weight ${mode.weight}`
      : `End that first: modelyard candidate ${model} --env ${to} --finish (or --abort)`
  throw new Failure(`${model} has a candidate in ${to} already: ${release}, ${kind} ${candidate.weight} %`, { fix })
}

/**
 * Seals what a first environment runs: the version, the image and every setting, under a name that no edit survives.
 * @throws Failure when another content has the name already
 */
function seal(repository: Repository, { name: model, stable }: PlannedModel) {
  const content = releaseContent(model, stable)
  const reference = releaseReference(content)
  const file = paths.release(model, reference.name)
  const present = repository.models.get(model)?.releases.get(reference.name)
  if (present && releaseReference(present.value).digest !== reference.digest) {
    throw new Failure(`${file} has another content of the same short name`, {
      fix: 'Restore it from Git. If it is as it was sealed, change a setting of the model by a little: the name follows.',
    })
  }
  return {
    reference,
    isNew: present === undefined,
    file: { file, content, text: RELEASE_HEADER + formatYaml(content) },
  }
}

function releaseContent(model: string, { facts, sealedSettings, servingImage }: PlannedVersion): ReleaseFile {
  return { model, version: facts.version, versionDigest: contentDigest(facts), servingImage, settings: sealedSettings }
}
