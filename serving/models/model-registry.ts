import type { BootConfiguration, RoutingConfiguration } from '../contract/index.ts'
import type { LoadContext } from './loaded-version.ts'
import { type ModelState, ServedModel } from './served-model.ts'

/** Versions that are fetched and loaded at the same time. */
const CONCURRENT_MODELS = 4
const PUBLISH_MS = 250
const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 30_000

/** The models of this process. Boot models come once; routing may change at any time. */
export class ModelRegistry {
  private readonly byName: Map<string, ServedModel>
  private readonly context: LoadContext
  private loading: Promise<void> | undefined
  private stale = false
  private retryDelay = FIRST_RETRY_MS
  private retryTimer: NodeJS.Timeout | undefined
  private publishTimer: NodeJS.Timeout | undefined
  private closed = false
  private loadedOnce = false

  constructor(boot: BootConfiguration, context: LoadContext) {
    this.context = { ...context, serving: () => this.started, availabilityChanged: () => this.publish() }
    this.byName = new Map(boot.models.map((model) => [model.name, new ServedModel(model, this.context)]))
    this.publish()
  }

  get names(): string[] {
    return [...this.byName.keys()]
  }

  get models(): ServedModel[] {
    return [...this.byName.values()]
  }

  find(name: string): ServedModel | undefined {
    return this.byName.get(name)
  }

  /** The only model of this process; undefined when there are several. */
  only(): ServedModel | undefined {
    return this.byName.size === 1 ? [...this.byName.values()][0] : undefined
  }

  states(): ModelState[] {
    return [...this.byName.values()].map((model) => model.state())
  }

  /** True once the first loading has ended, whether each model was loaded or refused. */
  get started(): boolean {
    return this.loadedOnce
  }

  /** True while at least one model's stable version answers. */
  get ready(): boolean {
    return this.states().some(({ state }) => state === 'ready')
  }

  /** Loads what is wanted and not loaded; one loading at a time, the newest wishes last. What is transient is tried again later. */
  load(): Promise<void> {
    this.stale = true
    this.loading ??= this.loadAll()
    return this.loading
  }

  /** Takes a new routing configuration; resolves once every new version in it is loaded or refused. */
  applyRouting(routing: RoutingConfiguration): Promise<void> {
    const byName = new Map(routing.models.map((model) => [model.name, model]))
    // At once, not behind a download that may be running: taking a bad candidate out must not wait.
    for (const model of this.byName.values()) model.want(byName.get(model.name))
    this.publish()
    this.retryDelay = FIRST_RETRY_MS
    return this.load()
  }

  /** Frees every model once its requests are answered. */
  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.retryTimer)
    await this.loading
    clearTimeout(this.publishTimer)
    await Promise.all([...this.byName.values()].map((model) => model.close()))
  }

  private async loadAll(): Promise<void> {
    while (this.stale && !this.closed) {
      this.stale = false
      const waiting = [...this.byName.values()]
      let again = false
      const worker = async () => {
        for (let model = waiting.shift(); model !== undefined && !this.closed; model = waiting.shift()) {
          again = (await model.load()) || again
          this.publishSoon()
        }
      }
      await Promise.all(Array.from({ length: CONCURRENT_MODELS }, worker))
      if (again) this.retryLater()
    }
    this.publish()
    this.loadedOnce = true
    // In the same turn as the last look at `stale`, so that no wish made in between is lost.
    this.loading = undefined
  }

  private retryLater(): void {
    clearTimeout(this.retryTimer)
    if (this.closed) return
    // Half of it is chance, so that the pods of a fleet do not ask a store that comes back up all at once.
    this.retryTimer = setTimeout(() => void this.load(), this.retryDelay * (0.5 + Math.random() / 2))
    this.retryTimer.unref()
    this.retryDelay = Math.min(this.retryDelay * 2, LAST_RETRY_MS)
  }

  /** Telling all identities after each of 500 models would take longer than loading them. */
  private publishSoon(): void {
    this.publishTimer ??= setTimeout(() => this.publish(), PUBLISH_MS)
    this.publishTimer.unref()
  }

  private publish(): void {
    clearTimeout(this.publishTimer)
    this.publishTimer = undefined
    const models = [...this.byName.values()]
    this.context.monitoring.setWanted(models.flatMap((model) => model.wantedIdentities()))
    this.context.monitoring.setLoaded(models.flatMap((model) => model.loadedIdentities()))
  }
}
