import { readFile } from 'node:fs/promises'
import { type ContentCache, resolveModel } from '../artifact/index.ts'
import { Batcher, describeObstacle, type Joining, proveJoining, type Work } from '../batcher/index.ts'
import {
  type ContentReference,
  type GoldenSample,
  type GoldenSamples,
  goldenSamplesSchema,
  hasNamedFeatures,
  type QueueBounds,
  type ServedVersion,
} from '../contract/index.ts'
import type { DriftCounts, Monitoring, VersionMetrics } from '../monitoring/index.ts'
import type { PredictionLog, PredictionMode, RecordPrediction } from '../prediction-log/index.ts'
import {
  createPredictionWriter,
  createRecordEncoder,
  createSession,
  createWorkerSession,
  type GraphFacts,
  ModelRunError,
  type PredictionWriter,
  type RecordEncoder,
  readModelGraph,
  type Tensors,
} from '../session/index.ts'
import { countDrift } from './count-drift.ts'
import type { Log } from './log.ts'
import type { Proofs } from './proofs.ts'
import { Runner, type RunnerObserver } from './runner.ts'
import { ConfigurationError, parseDocument } from './validate.ts'
import { type TimedCall, warmUp } from './warm-up.ts'

const DEFAULT_BOUNDS = { requests: 1024, rows: 100_000, maxWaitMs: 1000, timeoutMs: 10_000 } satisfies QueueBounds

/** From here on, bytes, a model is opened in a thread first: opening and its first call would block the event loop. */
const LARGE_MODEL = 10_000_000

/** Golden samples are parsed on the event loop; real ones have some kilobytes. */
const MAX_GOLDEN_BYTES = 32 * 1024 * 1024

/** Golden samples that stay in memory. */
const MAX_EXAMPLES = 3

/** What loading a version needs. */
export interface LoadContext {
  cache: ContentCache
  /** What a version has to show before it is opened in this process. */
  proofs: Proofs
  /** Threads for one call of a slow model; a fast one has one: more cost it 2.6 times the time on one core. */
  threads: number
  executionProviders?: readonly string[]
  /** For versions without bounds of their own. */
  queue?: QueueBounds
  monitoring: Monitoring
  /** Absent: no prediction is logged. */
  predictionLog?: PredictionLog
  log: Log
  /** True while other versions answer: a new one then proves itself in a thread first. Absent: false. */
  serving?: () => boolean
  /** A loaded version has become unavailable, or available again. */
  availabilityChanged?: () => void
}

/** What a version has to know of one call beside its tensors. */
export interface Caller extends Pick<Work, 'gone' | 'ran'> {
  /** As the answer's header and the prediction log name the request. */
  requestId: string
  /** Why this version was chosen. */
  mode: PredictionMode
  /** Milliseconds; the version's time-out when absent or longer. */
  timeoutMs?: number | undefined
  /** Another version answers when this one does not, in what is left of the time: a version elsewhere takes half of it. */
  leaveTime?: boolean | undefined
  /** Headers that go with the request to a version elsewhere, beside its id: the trace that it is of. */
  forward?: Readonly<Record<string, string>> | undefined
}

/** A version that answers. */
export interface LoadedVersion {
  /** Another server answers for it: `served` says of its artifact only where. */
  readonly elsewhere: boolean
  readonly model: string
  readonly served: ServedVersion
  /** Null for a model that takes raw tensors only. */
  readonly encode: RecordEncoder | null
  /** Predictions of its outputs as JSON. */
  readonly write: PredictionWriter
  readonly metrics: VersionMetrics
  /** The first golden samples: requests that are right, for documentation. */
  readonly examples: readonly GoldenSample[]
  /** True when its predictions are logged, so that truths have something to be compared to. */
  readonly logged: boolean
  /** False while its thread is being started again, or while the other server does not answer. */
  readonly available: boolean
  /** Whether its requests share calls; null when another server decides that. */
  readonly joining: Joining | null
  /**
   * Outputs for feeds that `checkFeeds` has found right. Rejects with a `RejectedError` when the request never ran, a
   * `WorkerStoppedError` when the model's thread has ended, a `RemoteError` when the other server gives no answer, or the
   * model's own error.
   */
  predict(feeds: Tensors, outputNames: readonly string[] | undefined, caller: Caller): Promise<Tensors>
  /** Whether it runs on these feeds, for a search of what a call failed on; undefined where it was not tried within `timeoutMs`. */
  runs(feeds: Tensors, timeoutMs: number): Promise<boolean | undefined>
  /** Frees the model once every request that it has admitted is answered. To be called when no new one can reach it. */
  retire(): Promise<void>
}

/**
 * Fetches, checks and loads one version: digest, graph against interface, golden samples in a process of its own, then the same
 * here. It is returned only when
 * it predicts what it promises; otherwise this throws (`refusalOf` names the reason) and nothing stays loaded.
 */
export async function loadVersion(model: string, served: ServedVersion, context: LoadContext): Promise<LoadedVersion> {
  const started = performance.now()
  const { cache, proofs, executionProviders = ['cpu'], log } = context
  const path = await resolveModel(cache, served.artifact)
  const golden = served.goldenSamples && (await readGolden(cache, served.goldenSamples))
  await proofs.require({ model, served, path, golden, executionProviders, log })
  const graph = await readModelGraph(path)
  const runner = await openRunner(model, served, { path, facts: graph.facts }, context)
  let joining: Joining
  let calls: TimedCall[]
  try {
    const warm = await warmUp(runner, served, golden)
    joining = await proveJoining({ model: graph, session: runner.session, golden, maxSize: served.batching.maxSize })
    calls = await warm.finish(joining.joined)
  } catch (error) {
    await runner.close()
    throw error
  }
  const examples = golden?.samples.slice(0, MAX_EXAMPLES) ?? []
  const details = { model, version: served.name, sha256: served.artifact.sha256 }
  const milliseconds = Math.round(performance.now() - started)
  if (!joining.joined) {
    const reason = describeObstacle(joining.obstacle)
    log.info({ ...details, obstacle: joining.obstacle.kind, reason }, 'requests to this version do not share calls')
  }
  context.log.info({ ...details, milliseconds, runsIn: runner.place }, 'version loaded')
  const drift = await countDrift(model, served, context)
  return new SessionVersion(model, served, runner, { examples, drift, joining, calls }, context)
}

/** What loading a version has found, beside its session. */
interface Loaded {
  examples: readonly GoldenSample[]
  drift: DriftCounts | null
  joining: Joining
  /** What calls took before anybody asked. */
  calls: readonly TimedCall[]
}

class SessionVersion implements LoadedVersion {
  readonly elsewhere = false
  readonly model: string
  readonly served: ServedVersion
  readonly encode: RecordEncoder | null
  readonly write: PredictionWriter
  readonly metrics: VersionMetrics
  readonly examples: readonly GoldenSample[]
  readonly joining: Joining
  private readonly runner: Runner
  private readonly drift: DriftCounts | null
  private readonly record: RecordPrediction | null
  private readonly batcher: Batcher
  private readonly timeoutMs: number
  private readonly stopWatching: () => void

  constructor(
    model: string,
    served: ServedVersion,
    runner: Runner,
    { examples, drift, joining, calls }: Loaded,
    { monitoring, predictionLog, log, queue }: LoadContext,
  ) {
    this.examples = examples
    this.joining = joining
    this.model = model
    this.served = served
    this.runner = runner
    this.drift = drift
    this.encode = hasNamedFeatures(served.interface) ? createRecordEncoder(served.interface) : null
    this.write = createPredictionWriter(served.interface)
    this.metrics = monitoring.version(model, served.name)
    this.record = predictionLog?.version(model, served) ?? null
    const { metrics } = this
    const {
      requests: maxQueue,
      rows: maxQueueRows,
      maxWaitMs,
      timeoutMs,
    } = { ...DEFAULT_BOUNDS, ...queue, ...served.queue }
    this.timeoutMs = timeoutMs
    this.batcher = new Batcher(
      runner.run,
      served.interface,
      { ...served.batching, joined: joining.joined, maxQueue, maxQueueRows, maxWaitMs },
      {
        queued: metrics.queued,
        called: metrics.called,
        rejected: metrics.rejected,
        batchingDisabled: (reason) => log.warn({ model, version: served.name, reason }, 'batching is off'),
      },
    )
    for (const { rows, milliseconds } of calls) this.batcher.noteCall(rows, milliseconds)
    this.stopWatching = metrics.watchQueue(() => this.batcher.depth)
  }

  get logged(): boolean {
    return this.record !== null
  }

  get available(): boolean {
    return this.runner.available
  }

  predict(feeds: Tensors, outputNames: readonly string[] | undefined, caller: Caller): Promise<Tensors> {
    const { requestId, mode, gone, ran, timeoutMs = this.timeoutMs } = caller
    const admitted = performance.now()
    const work: Work = { admitted, deadline: admitted + Math.min(timeoutMs, this.timeoutMs), gone, ran }
    // No await before `submit`: a version that was just looked up cannot be retired in between.
    const answer = this.batcher.submit(feeds, outputNames, work)
    this.metrics.entered()
    return answer.then(
      (outputs) => {
        this.metrics.left()
        // Here, below every protocol, so that each of them is counted, and after the encoding.
        this.drift?.observe(feeds, outputs)
        this.record?.({ requestId, mode, feeds, outputs, milliseconds: performance.now() - admitted })
        return outputs
      },
      (error: unknown) => {
        this.metrics.left()
        throw error
      },
    )
  }

  runs(feeds: Tensors, timeoutMs: number): Promise<boolean | undefined> {
    const admitted = performance.now()
    return this.batcher.submit(feeds, undefined, { admitted, deadline: admitted + timeoutMs }).then(
      () => true,
      (error: unknown) => (error instanceof ModelRunError ? false : undefined),
    )
  }

  async retire(): Promise<void> {
    await this.batcher.idle()
    this.stopWatching()
    this.drift?.retire()
    await this.runner.close()
  }
}

async function readGolden(cache: ContentCache, reference: ContentReference): Promise<GoldenSamples> {
  const path = await cache.resolve(reference)
  if (reference.size > MAX_GOLDEN_BYTES) {
    throw new ConfigurationError('configuration-invalid', path, [
      { path: '', message: `has ${reference.size} bytes; golden samples have at most ${MAX_GOLDEN_BYTES}` },
    ])
  }
  return parseDocument<GoldenSamples>(goldenSamplesSchema, path, await readFile(path, 'utf8'))
}

async function openRunner(
  model: string,
  served: ServedVersion,
  { path, facts }: { path: string; facts: GraphFacts },
  context: LoadContext,
): Promise<Runner> {
  const { artifact } = served
  const externalData = artifact.externalData.map(({ path: name }) => name)
  const bytes = artifact.externalData.reduce((sum, file) => sum + file.size, artifact.size)
  const { threads, executionProviders = ['cpu'] } = context
  const open = {
    'event-loop': () => createSession(path, served.interface, { threads: 1, executionProviders, externalData, facts }),
    thread: () => createWorkerSession(path, served.interface, { threads, executionProviders, externalData, facts }),
  }
  const unproven = bytes >= LARGE_MODEL || context.serving?.()
  return Runner.start(unproven ? 'thread' : 'event-loop', open, observe(model, served, context))
}

function observe(model: string, served: ServedVersion, context: LoadContext): RunnerObserver {
  const { log, monitoring, availabilityChanged = () => {} } = context
  const details = { model, version: served.name }
  return {
    moved(place, milliseconds) {
      log.info(
        { ...details, runsIn: place, milliseconds },
        'moved the model to another place because of the time it takes',
      )
    },
    stopped(reason) {
      log.error({ ...details, reason }, 'the thread of the version has ended; it is unready until it is started again')
      availabilityChanged()
    },
    restarted() {
      monitoring.version(model, served.name).threadRestarted()
      log.info(details, 'the thread of the version was started again')
      availabilityChanged()
    },
    failed: (reason) => log.error({ ...details, reason }, 'the version could not be opened in a thread'),
  }
}
