import type { BootModel, Candidate, RoutedModel, ServedVersion } from '../contract/index.ts'
import type { VersionIdentity } from '../monitoring/index.ts'
import type { PredictionMode } from '../prediction-log/index.ts'
import type { Tensors } from '../session/index.ts'
import { featureValue } from './feature-value.ts'
import { type LoadContext, type LoadedVersion, loadVersion } from './loaded-version.ts'
import { type Refusal, refusalOf } from './refusal.ts'
import { openRemoteVersion } from './remote/index.ts'
import { type Headers, type Split, splitByValue, splitRequest } from './split.ts'

/** Who answers one request, and who sees a copy of it. */
export interface Route {
  version: LoadedVersion
  /** Why; `stable` when absent. */
  mode?: PredictionMode
  mirror?: LoadedVersion
  /** The stable version, which answers when a candidate gives no answer. */
  fallback?: LoadedVersion
  /** An A/B test by a feature: who answers is known once the request is tensors of `version`, the stable one. */
  decide?: (feeds: Tensors) => Route
}

export interface ModelState {
  name: string
  state: 'loading' | 'ready' | 'refused'
  /** Why the stable version does not answer. */
  refusal?: Refusal
  /** Names of the versions that answer. */
  versions: string[]
}

/** What the routing configuration asks for, or the part of it that is in force. */
interface Routing {
  versions: ServedVersion[]
  candidate: Candidate | null
}

/** What a routing needs to be in force. */
interface WantedVersion {
  served: ServedVersion
  /** Where another server answers for it; absent: it runs here. */
  address?: string
}

/** The model's thread has ended; it is started again by itself. */
const STOPPED: Refusal = { code: 'thread-stopped', message: 'the thread of the version has ended', transient: true }

const NO_CANDIDATE: Routing = { versions: [], candidate: null }

/**
 * One model: the versions that are wanted, those that are loaded, and the routing in force. Routing changes all at once and
 * only when every version it needs is loaded; until then, and when one is refused, the former routing stays.
 */
export class ServedModel {
  readonly name: string
  private readonly boot: BootModel
  private readonly context: LoadContext
  private wanted: Routing = NO_CANDIDATE
  private wantedVersions: readonly WantedVersion[]
  private inForce: Routing = NO_CANDIDATE
  private readonly loaded = new Map<string, LoadedVersion>()
  private readonly refused = new Map<string, Refusal>()
  private byName = new Map<string, LoadedVersion>()
  private readonly retiring = new Set<Promise<void>>()

  constructor(boot: BootModel, context: LoadContext) {
    this.name = boot.name
    this.boot = boot
    this.context = context
    this.wantedVersions = this.listWanted()
  }

  /** The version that answers a request with these headers; undefined while the stable version does not. */
  route(headers: Headers): Route | undefined {
    const version = this.version()
    if (version === undefined) return undefined
    const { candidate } = this.inForce
    if (candidate === null) return { version }
    const other = this.byName.get(candidate.version)
    if (other === undefined || other === version) return { version }
    const { mode, feature } = candidate
    if (mode === 'ab' && feature !== undefined) {
      const value = featureValue(version.served.interface, feature)
      const split = (feeds: Tensors) => splitByValue(this.name, candidate, value?.(feeds))
      return { version, decide: (feeds) => this.routeTo(split(feeds), version, other, mode) }
    }
    return this.routeTo(splitRequest(this.name, candidate, headers), version, other, mode)
  }

  private routeTo(split: Split, version: LoadedVersion, other: LoadedVersion, mode: Candidate['mode']): Route {
    if (split === 'stable') return { version }
    if (!other.available) {
      if (split === 'mirror') other.metrics.shadowSkipped('unavailable')
      else other.metrics.fellBack('unavailable')
      return { version }
    }
    return split === 'mirror' ? { version, mirror: other } : { version: other, mode, fallback: version }
  }

  /** A version that answers, by name; the stable one without a name. */
  version(name: string = this.boot.stable): LoadedVersion | undefined {
    const version = this.byName.get(name)
    return version?.available ? version : undefined
  }

  /** Whether the configuration asks for a version of this name, be it loaded or not. */
  wants(name: string): boolean {
    return this.wantedVersions.some(({ served }) => served.name === name)
  }

  /** Every version that answers. */
  answering(): LoadedVersion[] {
    return [...this.byName.values()].filter(({ available }) => available)
  }

  state(): ModelState {
    const versions = this.answering().map(({ served }) => served.name)
    if (this.version() !== undefined) return { name: this.name, state: 'ready', versions }
    if (this.byName.has(this.boot.stable)) return { name: this.name, state: 'refused', refusal: STOPPED, versions }
    const stable = this.boot.versions.find(({ name }) => name === this.boot.stable)
    const refusal = stable && this.refused.get(keyOf({ served: stable }))
    if (refusal === undefined) return { name: this.name, state: 'loading', versions }
    return { name: this.name, state: 'refused', refusal, versions }
  }

  wantedIdentities(): VersionIdentity[] {
    return this.wantedVersions.map(({ served }) => this.identity(served))
  }

  loadedIdentities(): VersionIdentity[] {
    return this.answering().map(({ served }) => this.identity(served))
  }

  /** Takes what the routing configuration says, null for nothing. What needs no loading is in force when this returns. */
  want(routing: RoutedModel | undefined): void {
    this.wanted = routing ?? NO_CANDIDATE
    this.wantedVersions = this.listWanted()
    const keys = new Set(this.wantedVersions.map(keyOf))
    for (const key of this.refused.keys()) if (!keys.has(key)) this.refused.delete(key)
    this.settle()
  }

  /** Loads what is wanted and neither loaded nor refused for good. Resolves true when a later attempt may get further. */
  async load(): Promise<boolean> {
    let again = false
    for (const wanted of this.wantedVersions) {
      const { served, address } = wanted
      const key = keyOf(wanted)
      const refusal = this.refused.get(key)
      if (this.loaded.has(key) || (refusal !== undefined && !refusal.transient)) continue
      try {
        const version =
          address === undefined
            ? await loadVersion(this.name, served, this.context)
            : await openRemoteVersion(this.name, served, address, this.context)
        this.loaded.set(key, version)
        this.refused.delete(key)
      } catch (error) {
        const { code, message, transient } = refusalOf(error)
        this.refused.set(key, { code, message, transient })
        again ||= transient
        const details = { model: this.name, version: served.name, code, transient, reason: message }
        this.context.log.error(details, 'version refused')
      }
      this.settle()
    }
    return again
  }

  /** Frees everything; no request may come after. */
  async close(): Promise<void> {
    this.byName = new Map()
    for (const [key, version] of this.loaded) this.retire(key, version)
    await Promise.all(this.retiring)
  }

  /** Puts the wanted routing in force if everything it needs is loaded, and lets go what nobody needs. */
  private settle(): void {
    const wanted = this.neededBy(this.wanted)
    if (wanted.every((version) => this.loaded.has(keyOf(version)))) this.inForce = this.wanted
    const answering = [...this.boot.versions.map((served) => ({ served })), ...this.neededBy(this.inForce)]
    const byName = new Map<string, LoadedVersion>()
    for (const needed of answering) {
      const version = this.loaded.get(keyOf(needed))
      if (version !== undefined && !byName.has(needed.served.name)) byName.set(needed.served.name, version)
    }
    this.byName = byName
    const needed = new Set([...answering, ...wanted].map(keyOf))
    for (const [key, version] of this.loaded) if (!needed.has(key)) this.retire(key, version)
  }

  private retire(key: string, version: LoadedVersion): void {
    this.loaded.delete(key)
    const retired = version.retire().finally(() => this.retiring.delete(retired))
    this.retiring.add(retired)
    this.context.log.info({ model: this.name, version: version.served.name }, 'version retired')
  }

  /** Each once: a candidate may be a version of the boot configuration too. */
  private listWanted(): WantedVersion[] {
    const wanted = [...this.boot.versions.map((served) => ({ served })), ...this.neededBy(this.wanted)]
    return [...new Map(wanted.map((version) => [keyOf(version), version])).values()]
  }

  private neededBy({ versions, candidate }: Routing): WantedVersion[] {
    const here: WantedVersion[] = versions.map((served) => ({ served }))
    if (candidate?.address === undefined) return here
    const stable = this.boot.versions.find(({ name }) => name === this.boot.stable) as ServedVersion
    // Callers are served by the stable version's interface, whoever answers; of the artifact only the place is known.
    const { interface: modelInterface, batching, strict } = stable
    const artifact = { address: candidate.address, sha256: '', size: 0, externalData: [] }
    const served = { name: candidate.version, artifact, interface: modelInterface, batching, strict }
    return [...here, { served, address: candidate.address }]
  }

  private identity({ name, release = '', artifact }: ServedVersion): VersionIdentity {
    return { model: this.name, version: name, release, sha256: artifact.sha256 }
  }
}

const keys = new WeakMap<ServedVersion, string>()

/** The same configuration is the same loaded version, wherever it stands. */
function keyOf({ served, address = '' }: WantedVersion): string {
  let key = keys.get(served)
  if (key === undefined) {
    key = JSON.stringify(served)
    keys.set(served, key)
  }
  return `${address} ${key}`
}
