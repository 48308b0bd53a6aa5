import {
  type BootConfiguration,
  CONFIGURATION_API_VERSION,
  type ContentReference,
  POD,
  type RoutingConfiguration,
  type ServedVersion,
  type VersionCard,
} from 'modelyard-serving/contract'
import {
  type ArtifactStore,
  artifactAddress,
  type BundleFile,
  parseCpu,
  type VersionFile,
} from '../../definitions/index.ts'
import type { PlannedModel, PlannedVersion } from '../../repository/index.ts'
import { predictionLogSettings } from './prediction-log.ts'
import { hasGpu } from './resources.ts'
import { serverConfiguration } from './server-settings.ts'

/** Seconds between unready and refusing connections: endpoints of every proxy are updated by then. */
const DRAIN_DELAY_SECONDS = 10
const DRAIN_TIMEOUT_SECONDS = 30

/** What the server must have to end cleanly, with five seconds to spare. */
export const TERMINATION_GRACE_SECONDS = DRAIN_DELAY_SECONDS + DRAIN_TIMEOUT_SECONDS + 5

/** `boot.json`: process settings and the stable version. */
export function bootConfiguration(model: PlannedModel): BootConfiguration {
  const { effectiveSettings, stable, environment } = model
  return {
    apiVersion: CONFIGURATION_API_VERSION,
    server: {
      port: POD.port,
      threads: Math.max(1, Math.ceil(parseCpu(effectiveSettings.resources.cpuLimit as `${number}`))),
      bodyLimit: 16 * 2 ** 20,
      drain: { delaySeconds: DRAIN_DELAY_SECONDS, timeoutSeconds: DRAIN_TIMEOUT_SECONDS },
      ...serverConfiguration(environment.server),
      ...(hasGpu(model) && { executionProviders: ['cuda', 'cpu'] }),
      ...(environment.predictionLog && { predictionLog: predictionLogSettings(environment.predictionLog) }),
    },
    models: [
      {
        name: model.name,
        stable: stable.facts.version,
        versions: [servedVersion(stable, environment.artifacts)],
        slo: { latencyP99Ms: effectiveSettings.slo.latencyP99Ms },
      },
    ],
  }
}

/** `routing.json`: the candidate and its share. */
export function routingConfiguration({ name, candidate, environment }: PlannedModel): RoutingConfiguration {
  if (!candidate) {
    return { apiVersion: CONFIGURATION_API_VERSION, models: [{ name, versions: [], candidate: null }] }
  }
  const { version, mode, weight, header, feature, salt } = candidate
  const versions = [servedVersion(version, environment.artifacts)]
  const decidedBy = { ...(header && { header }), ...(feature && { feature }), ...(salt && { salt }) }
  const routed = { name, versions, candidate: { version: version.facts.version, mode, weight, ...decidedBy } }
  return { apiVersion: CONFIGURATION_API_VERSION, models: [routed] }
}

function servedVersion({ facts, release, sealedSettings }: PlannedVersion, store: ArtifactStore): ServedVersion {
  const { model, externalData = [], goldenSamples, baseline } = facts.bundle
  return {
    name: facts.version,
    ...(release !== undefined && { release }),
    artifact: {
      ...contentReference(model, store, facts.version),
      externalData: externalData.map((item) => ({ ...contentReference(item, store, facts.version), path: item.name })),
    },
    ...(goldenSamples && { goldenSamples: contentReference(goldenSamples, store, facts.version) }),
    ...(baseline && { baseline: contentReference(baseline, store, facts.version) }),
    interface: facts.interface,
    batching: sealedSettings.batching,
    strict: sealedSettings.strict,
    card: versionCard(facts, sealedSettings.owner),
  }
}

/** From sealed facts only: an edit of `model.ts` must not reach production through a description. */
function versionCard({ evaluation, lineage }: VersionFile, owner: string): VersionCard {
  return {
    owner,
    metrics: evaluation.metrics,
    lineage: Object.fromEntries([...flatten({ measuredOn: evaluation.dataset }), ...flatten(lineage)]),
  }
}

function* flatten(value: object, prefix = ''): Generator<[string, string]> {
  for (const [key, item] of Object.entries(value)) {
    if (item === null || item === undefined) continue
    if (typeof item === 'object') yield* flatten(item, `${prefix}${key}.`)
    else yield [prefix + key, String(item)]
  }
}

function contentReference({ sha256, size }: BundleFile, store: ArtifactStore, version: string): ContentReference {
  return { address: artifactAddress(store, sha256, version), sha256, size }
}
