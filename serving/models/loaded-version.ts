import { readFile } from 'node:fs/promises'
import { type ContentCache, resolveModel } from '../artifact/index.ts'
import { Batcher, unbatchableReason } from '../batcher/index.ts'
import { type GoldenSamples, goldenSamplesSchema, hasNamedFeatures, type ServedVersion } from '../contract/index.ts'
import type { Monitoring, VersionMetrics } from '../monitoring/index.ts'
import {
  checkGoldenSamples,
  createRecordEncoder,
  createSession,
  ModelError,
  type RecordEncoder,
  readModel,
  type Session,
  type Tensors,
} from '../session/index.ts'
import type { Log } from './log.ts'
import { GoldenSamplesError } from './refusal.ts'
import { parseDocument } from './validate.ts'

/** Requests that may wait for one version. */
const MAX_QUEUE = 1024

/** Below this, bytes, one thread is faster than several (measured: several cost 2.6 times as much on one core). */
const SMALL_MODEL = 10_000_000

/** What loading a version needs. */
export interface LoadContext {
  cache: ContentCache
  /** Threads for one call of a model that is not small. */
  threads: number
  monitoring: Monitoring
  log: Log
}

/** A version that answers. */
export interface LoadedVersion {
  readonly model: string
  readonly served: ServedVersion
  /** Null for a model that takes raw tensors only. */
  readonly encode: RecordEncoder | null
  readonly metrics: VersionMetrics
  /** Outputs for feeds that `checkFeeds` has found right. Rejects with a `QueueFullError` or the model's own error. */
  predict(feeds: Tensors, outputNames?: readonly string[]): Promise<Tensors>
  /** Frees the model once every request that it has admitted is answered. To be called when no new one can reach it. */
  retire(): Promise<void>
}

/**
 * Fetches, checks and loads one version: digest, graph against interface, session, golden samples. It is returned only when
 * it predicts what it promises; otherwise this throws (`refusalOf` names the reason) and nothing stays loaded.
 */
export async function loadVersion(model: string, served: ServedVersion, context: LoadContext): Promise<LoadedVersion> {
  const started = performance.now()
  const session = await openSession(served, context)
  try {
    await warmUp(session, served, context)
  } catch (error) {
    await session.release()
    throw error
  }
  const details = { model, version: served.name, sha256: served.artifact.sha256 }
  const milliseconds = Math.round(performance.now() - started)
  const alone = unbatchableReason(served.interface)
  if (alone !== undefined && served.batching.maxSize > 1) {
    context.log.info({ ...details, reason: alone }, 'requests to this version do not share calls')
  }
  context.log.info({ ...details, milliseconds }, 'version loaded')
  return new SessionVersion(model, served, session, context)
}

class SessionVersion implements LoadedVersion {
  readonly model: string
  readonly served: ServedVersion
  readonly encode: RecordEncoder | null
  readonly metrics: VersionMetrics
  private readonly session: Session
  private readonly batcher: Batcher

  constructor(model: string, served: ServedVersion, session: Session, { monitoring, log }: LoadContext) {
    this.model = model
    this.served = served
    this.session = session
    this.encode = hasNamedFeatures(served.interface) ? createRecordEncoder(served.interface) : null
    this.metrics = monitoring.version(model, served.name)
    const { metrics } = this
    this.batcher = new Batcher(
      session.run,
      served.interface,
      { ...served.batching, maxQueue: MAX_QUEUE },
      {
        queued: metrics.queued,
        called: metrics.called,
        batchingDisabled: (reason) => log.warn({ model, version: served.name, reason }, 'batching is off'),
      },
    )
  }

  async predict(feeds: Tensors, outputNames?: readonly string[]): Promise<Tensors> {
    // No await before `submit`: a version that was just looked up cannot be retired in between.
    const answer = this.batcher.submit(feeds, outputNames)
    this.metrics.entered()
    try {
      return await answer
    } finally {
      this.metrics.left()
    }
  }

  async retire(): Promise<void> {
    await this.batcher.idle()
    await this.session.release()
  }
}

async function openSession(served: ServedVersion, { cache, threads }: LoadContext): Promise<Session> {
  const { artifact } = served
  const path = await resolveModel(cache, artifact)
  const facts = await readModel(path)
  const given = new Set(artifact.externalData.map((file) => file.path))
  const absent = facts.externalData.filter((location) => !given.has(location))
  if (absent.length > 0) {
    const message = `needs the external data ${absent.join(', ')}, which the version does not list`
    throw new ModelError('model-unreadable', path, [
      { path: 'artifact.externalData', message, repair: 'register the version again with its external data' },
    ])
  }
  const bytes = artifact.externalData.reduce((sum, file) => sum + file.size, artifact.size)
  return createSession(path, served.interface, { threads: bytes < SMALL_MODEL ? 1 : threads, facts })
}

async function warmUp(session: Session, served: ServedVersion, { cache }: LoadContext): Promise<void> {
  if (served.goldenSamples === undefined) return
  const path = await cache.resolve(served.goldenSamples)
  const golden = parseDocument<GoldenSamples>(goldenSamplesSchema, path, await readFile(path, 'utf8'))
  const result = await checkGoldenSamples(session, served.interface, golden)
  if (!result.passed) throw new GoldenSamplesError(result)
}
