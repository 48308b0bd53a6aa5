import type { Batching, ModelInterface } from '../contract/index.ts'
import { type Tensor, type Tensors, WorkerStoppedError } from '../session/index.ts'
import { Admission, type QueueLimits } from './admission.ts'
import { DeadlineTimer } from './deadline-timer.ts'
import { dropReason, feedsOf, isWhole, type Job, type Piece, settle, type Work } from './job.ts'
import { haveRows, joinRows, rowsOf, sliceRows } from './join-rows.ts'
import type { QueueFullError, RejectionReason } from './rejected-error.ts'

/**
 * One call of a model, on the event loop or in a thread; nothing here has to know. `fresh` says that nobody else holds the
 * memory of the feeds.
 */
export type ModelCall = (feeds: Tensors, outputNames?: readonly string[], fresh?: boolean) => Promise<Tensors>

export interface BatcherObserver {
  /** Seconds between admission of a request and the first model call that holds it. */
  queued(seconds: number): void
  /** One model call: how long it took, in seconds, and its rows. */
  called(seconds: number, rows: number): void
  /** The model broke its interface: rows went in and other rows came out. Batching is off from then on. */
  batchingDisabled(reason: string): void
  /** A request that never ran. */
  rejected(reason: RejectionReason): void
}

export interface BatcherOptions extends Batching, QueueLimits {
  /** Requests may share calls, and one request may be cut into several: `proveJoining` says whether. */
  joined: boolean
}

/**
 * Micro-batching in front of one model: one call at a time, each with the rows of as many waiting requests as fit, where rows are
 * proved to be independent; otherwise each request is a call of its own, whole. A flush is
 * on the next turn of the event loop, so a lone request waits for nobody, and under load the requests read in one turn share a
 * call. Each caller gets the rows that a call of its own would have given, errors included; numbers to the rounding of their
 * type, since a kernel may add up in another order when it has more rows.
 */
export class Batcher {
  private readonly call: ModelCall
  private readonly observer: BatcherObserver
  private readonly options: BatcherOptions
  /** Names of inputs with a free dimension besides the first: only equal sizes can share a call. */
  private readonly freeInputs: string[]
  private batching: boolean
  private queue: Job[] = []
  private running = false
  private immediate: NodeJS.Immediate | undefined
  private timer: NodeJS.Timeout | undefined
  private readonly admission: Admission
  /** Callers get their answer at their deadline, even while one long call keeps all others waiting. */
  private readonly deadlines = new DeadlineTimer((now) => this.sweep(now))
  private readonly idleWaiters: (() => void)[] = []

  constructor(call: ModelCall, modelInterface: ModelInterface, options: BatcherOptions, observer: BatcherObserver) {
    this.call = call
    this.options = options
    this.observer = observer
    this.admission = new Admission(options)
    this.batching = options.joined && options.maxSize > 1
    this.freeInputs = modelInterface.inputs
      .filter(({ shape }) => shape.slice(1).some((size) => typeof size === 'string'))
      .map(({ name }) => name)
  }

  /** Requests that wait for a call. */
  get depth(): number {
    return this.queue.length
  }

  /**
   * Outputs for these feeds, which `checkFeeds` has found right. Rejects with a `RejectedError` when the request never ran, or
   * with the model's own error when this very request makes the model fail.
   */
  submit(feeds: Tensors, outputNames?: readonly string[], work: Work = {}): Promise<Tensors> {
    const { admitted = performance.now(), deadline = Number.POSITIVE_INFINITY, gone, ran } = work
    const rows = rowsOf(feeds)
    const key = this.keyOf(feeds, outputNames)
    const refusal = this.refuse(rows, key, { admitted, deadline })
    // Requests that nobody waits for any more must not keep others out.
    const again = refusal !== undefined && this.dropDead(admitted)
    const final = again ? this.refuse(rows, key, { admitted, deadline }) : refusal
    if (final !== undefined) {
      this.observer.rejected(final.reason)
      return Promise.reject(final)
    }
    return new Promise((resolve, reject) => {
      this.queue.push({
        feeds,
        outputNames,
        key,
        rows,
        admitted,
        deadline,
        gone,
        ran,
        taken: 0,
        answers: [],
        answered: 0,
        settled: false,
        resolve,
        reject,
      })
      this.deadlines.add(deadline, admitted)
      this.schedule()
    })
  }

  /** Notes what a call took that was made elsewhere: the first callers are admitted by it. */
  noteCall(rows: number, milliseconds: number): void {
    this.admission.called(rows, milliseconds)
  }

  /** Resolves once nothing waits or runs. */
  idle(): Promise<void> {
    if (!this.running && this.queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.idleWaiters.push(resolve))
  }

  private refuse(
    rows: number,
    key: string,
    { admitted, deadline }: { admitted: number; deadline: number },
  ): QueueFullError | undefined {
    const { maxSize } = this.options
    const rowsPerCall = this.batching ? maxSize : 1
    let waiting = 0
    let lastDeadline = 0
    const callsAhead: number[] = []
    /** Rows of calls that are not full yet, by what must be equal within one. */
    const partial = new Map<string, number>()
    for (const job of this.queue) {
      const left = job.rows - job.taken
      waiting += left
      lastDeadline = Math.max(lastDeadline, job.deadline)
      if (!this.batching) {
        callsAhead.push(job.rows)
        continue
      }
      let together = (partial.get(job.key) ?? 0) + Math.min(left, maxSize)
      if (together >= maxSize) {
        callsAhead.push(maxSize)
        together -= maxSize
      }
      partial.set(job.key, together)
    }
    // The newcomer may still share the last call of its own kind.
    for (const [kind, together] of partial) if (kind !== key && together > 0) callsAhead.push(together)
    const emptyInMs = Math.max(0, lastDeadline - admitted)
    const backlog = { requests: this.queue.length, rows: waiting, callsAhead, rowsPerCall, emptyInMs }
    return this.admission.refuse(rows, deadline - admitted, backlog)
  }

  /** Rejects what is not worth running any more; true when there was any. */
  private dropDead(now: number): boolean {
    const before = this.queue.length
    for (const job of this.queue) {
      const reason = dropReason(job, now)
      if (reason === undefined) continue
      this.observer.rejected(reason.reason)
      this.fail(job, reason)
    }
    return this.queue.length < before
  }

  private sweep(now: number): void {
    this.dropDead(now)
    for (const { deadline } of this.queue) this.deadlines.add(deadline, now)
    this.tellIdle()
  }

  private tellIdle(): void {
    if (this.running || this.queue.length > 0) return
    for (const resolve of this.idleWaiters.splice(0)) resolve()
  }

  private keyOf(feeds: Tensors, outputNames: readonly string[] | undefined): string {
    if (!this.batching) return ''
    let key = outputNames === undefined ? '' : outputNames.join('\n')
    for (const name of this.freeInputs) key += `|${(feeds[name] as Tensor).shape.slice(1).join(',')}`
    return key
  }

  private schedule(): void {
    if (this.running || this.immediate !== undefined) return
    const oldest = this.queue[0]
    if (oldest === undefined) return
    const wait = this.batching && !this.isFull() ? oldest.admitted + this.options.maxDelayMs - performance.now() : 0
    if (wait > 0) {
      this.timer ??= setTimeout(() => this.flush(), wait)
      return
    }
    this.immediate = setImmediate(() => this.flush())
  }

  private isFull(): boolean {
    let rows = 0
    for (const job of this.queue) {
      rows += job.rows - job.taken
      if (rows >= this.options.maxSize) return true
    }
    return false
  }

  private flush(): void {
    clearTimeout(this.timer)
    clearImmediate(this.immediate)
    this.timer = undefined
    this.immediate = undefined
    const now = performance.now()
    this.dropDead(now)
    const pieces = this.takeBatch(now)
    if (pieces.length === 0) {
      this.tellIdle()
      return
    }
    this.running = true
    this.runPieces(pieces).finally(() => {
      this.running = false
      this.schedule()
      this.tellIdle()
    })
  }

  /** The oldest request and the ones after it that may share its call, up to the batch size. */
  private takeBatch(now: number): Piece[] {
    const head = this.queue[0]
    if (head === undefined) return []
    const pieces: Piece[] = []
    const left: Job[] = []
    const unfinished: Job[] = []
    const { maxSize } = this.options
    let rows = 0
    for (const job of this.queue) {
      const wanted = this.batching ? Math.min(job.rows - job.taken, maxSize) : job.rows
      const fits = this.batching && job.key === head.key && rows + wanted <= maxSize && wanted > 0
      if (job !== head && !fits) {
        left.push(job)
        continue
      }
      if (job.taken === 0) this.observer.queued((now - job.admitted) / 1000)
      pieces.push({ job, start: job.taken, end: job.taken + wanted })
      job.taken += wanted
      rows += wanted
      // The rest of a large request waits behind the others, so that it holds nobody up for more than one call.
      if (job.taken < job.rows) unfinished.push(job)
      if (!this.batching || wanted === 0) {
        left.push(...this.queue.slice(1))
        break
      }
    }
    this.queue = [...left, ...unfinished]
    return pieces
  }

  private async runPieces(pieces: Piece[]): Promise<void> {
    const [first] = pieces as [Piece, ...Piece[]]
    const alone = pieces.length === 1
    const rows = pieces.reduce((sum, { start, end }) => sum + end - start, 0)
    let outputs: Tensors
    try {
      const feeds = joinRows(pieces.map(feedsOf))
      outputs = await this.timedCall(feeds, pieces, rows)
    } catch (error) {
      if (alone) this.fail(first.job, error)
      else if (error instanceof WorkerStoppedError) for (const { job } of pieces) this.fail(job, error)
      // One request may have spoilt it for the others: each is tried by itself and only that one fails.
      else for (const piece of pieces) await this.runPieces([piece])
      return
    }
    if (alone && isWhole(first)) {
      settle(first.job, outputs)
    } else if (haveRows(outputs, rows)) {
      let offset = 0
      for (const piece of pieces) {
        const size = piece.end - piece.start
        this.answer(piece, alone ? outputs : sliceRows(outputs, offset, offset + size))
        offset += size
      }
    } else {
      await this.stopBatching(pieces)
    }
  }

  private async timedCall(feeds: Tensors, pieces: Piece[], rows: number): Promise<Tensors> {
    const started = performance.now()
    try {
      return await this.call(feeds, pieces[0]?.job.outputNames, pieces.length > 1)
    } finally {
      const ended = performance.now()
      const milliseconds = ended - started
      for (const { job, start } of pieces) {
        job.ran?.({ queued: start === 0 ? job.admitted : undefined, started, ended, rows })
      }
      this.admission.called(rows, milliseconds)
      this.observer.called(milliseconds / 1000, rows)
    }
  }

  private answer({ job }: Piece, outputs: Tensors): void {
    if (job.settled) return
    job.answers.push(outputs)
    job.answered += rowsOf(outputs)
    if (job.answered === job.rows) settle(job, joinRows(job.answers))
  }

  private fail(job: Job, error: unknown): void {
    if (job.settled) return
    job.settled = true
    this.queue = this.queue.filter((other) => other !== job)
    job.reject(error)
  }

  /** The model does not return a row a row: from now on, and for these requests again, each is a call of its own. */
  private async stopBatching(pieces: Piece[]): Promise<void> {
    if (this.batching) this.observer.batchingDisabled('its outputs do not have as many rows as its inputs')
    this.batching = false
    const jobs = new Set(pieces.map(({ job }) => job))
    this.queue = this.queue.filter((job) => !jobs.has(job))
    for (const job of this.queue) {
      job.taken = 0
      job.answers = []
      job.answered = 0
    }
    for (const job of jobs) {
      if (!job.settled) await this.runPieces([{ job, start: 0, end: job.rows }])
    }
  }
}
