import {
  type InlineSession,
  type Session,
  type Tensor,
  type Tensors,
  type WorkerSession,
  WorkerStoppedError,
} from '../session/index.ts'

/** Where the calls of a model run. */
export type Place = 'event-loop' | 'thread'

/** A call that blocks the event loop for longer, milliseconds, belongs in a thread: a round trip there costs 0.022. */
export const INLINE_MS = 1

/** The same for a full batch, which blocks as long as all its requests together; probes have 10. */
export const INLINE_BATCH_MS = 4

/**
 * Milliseconds that calls above `INLINE_BATCH_MS` may block the event loop within `BLOCKED_INTERVAL_MS` before the model moves.
 * Short calls in between change nothing, so that alternating inputs cannot keep a slow model where it is.
 */
const MAX_BLOCKED_MS = 40
const BLOCKED_INTERVAL_MS = 10_000

/** A longer call was not only waiting for a CPU: the period of a CPU limit is 100 ms. */
const CERTAIN_MS = 200

/** An input so many times as large as any that was measured is judged by extrapolation before it runs. */
const LARGER_INPUT = 4

/** A sample of the CPU time is good for so many milliseconds. */
const CPU_SAMPLE_MS = 2

interface CpuSample {
  usage: NodeJS.CpuUsage
  /** Milliseconds from the sample to the call. */
  gapMs: number
}

const FIRST_RESTART_MS = 100
const LAST_RESTART_MS = 30_000
/** A thread that has lived so long did not fail at its start: the next restart is quick again. */
const LONG_LIFE_MS = 60_000

/** How to open one model in either place. */
export interface Opener {
  'event-loop'(): Promise<InlineSession>
  thread(): Promise<WorkerSession>
}

export interface RunnerObserver {
  moved(place: Place, milliseconds: number): void
  /** The thread has ended; the model does not answer until `restarted`. */
  stopped(reason: string): void
  restarted(): void
  /** It could not be opened in another place, or again after its thread had ended; another attempt follows. */
  failed(reason: string): void
}

type Seat = ({ place: 'event-loop'; session: InlineSession } | { place: 'thread'; session: WorkerSession }) & {
  calls: number
}

/**
 * Runs one model where it disturbs least: a fast one on the event loop, a slow one in a thread of its own. A thread that ends
 * takes only its own calls with it and is started again, each time later.
 */
export class Runner {
  private readonly open: Opener
  private readonly observer: RunnerObserver
  private seat: Seat
  private up = true
  private blockedMsInInterval = 0
  /** When the first long call of the interval ended; negative while there has been none. */
  private intervalStart = Number.NEGATIVE_INFINITY
  /** The largest input whose call was measured on the event loop. */
  private measured = { size: Number.POSITIVE_INFINITY, milliseconds: 0 }
  private cpu: { usage: NodeJS.CpuUsage; at: number } | undefined
  private moving: Promise<void> | undefined
  private closed = false
  private restartTimer: NodeJS.Timeout | undefined
  private restartDelay = FIRST_RESTART_MS
  private seatedAt = 0

  private constructor(seat: Seat, open: Opener, observer: RunnerObserver) {
    this.open = open
    this.observer = observer
    this.seat = seat
    this.take(seat)
  }

  static async start(place: Place, open: Opener, observer: RunnerObserver): Promise<Runner> {
    return new Runner(await openSeat(place, open), open, observer)
  }

  /** False while the thread is being started again. */
  get available(): boolean {
    return this.up
  }

  /** For the warm-up only: calls of it are not counted. */
  get session(): Session {
    return this.seat.session
  }

  get place(): Place {
    return this.seat.place
  }

  /** Milliseconds that the native part of the last call took, wherever it ran. */
  get nativeMs(): number {
    return this.seat.place === 'event-loop' ? this.seat.session.blockedMs : this.seat.session.nativeMs
  }

  /** Notes what a call of the warm-up took, so that much larger inputs can be judged before they run. */
  noteMeasured(feeds: Tensors, milliseconds: number): void {
    const size = inputSize(feeds)
    if (this.measured.size === Number.POSITIVE_INFINITY || size > this.measured.size) {
      this.measured = { size, milliseconds }
    }
  }

  /** One call; rejects with a `WorkerStoppedError` when the thread ends, or while there is none. */
  readonly run = async (feeds: Tensors, outputNames?: readonly string[], fresh?: boolean): Promise<Tensors> => {
    if (!this.up) throw new WorkerStoppedError('it is being started again')
    const size = this.seat.place === 'event-loop' ? inputSize(feeds) : 0
    if (this.seat.place === 'event-loop') {
      const leaving = this.leaveEventLoop(size)
      if (leaving !== undefined) await leaving
    }
    const { seat } = this
    // What a call costs the CPU is asked for only after a long call.
    const cpuBefore = seat.place === 'event-loop' && this.isSuspect() ? this.recentCpu() : undefined
    seat.calls += 1
    try {
      return await seat.session.run(feeds, outputNames, fresh)
    } finally {
      seat.calls -= 1
      if (seat !== this.seat) this.leave(seat)
      else if (seat.place === 'event-loop') {
        const { blockedMs } = seat.session
        if (blockedMs > INLINE_BATCH_MS) this.countBlocked(blockedMs, cpuBefore)
        if (size > this.measured.size) this.measured = { size, milliseconds: blockedMs }
      }
    }
  }

  /** Opens the model in the other place and goes on there; calls that run already end where they are. */
  move(place: Place, milliseconds: number): Promise<void> {
    this.moving ??= this.moveNow(place, milliseconds).finally(() => {
      this.moving = undefined
    })
    return this.moving
  }

  /** Frees the model; no call may be running or follow. */
  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.restartTimer)
    await this.moving
    await this.seat.session.release()
  }

  private async moveNow(place: Place, milliseconds: number): Promise<void> {
    const next = await openSeat(place, this.open)
    const former = this.seat
    this.take(next)
    this.leave(former)
    this.observer.moved(place, milliseconds)
  }

  private take(seat: Seat): void {
    this.seat = seat
    this.up = true
    this.seatedAt = performance.now()
    if (seat.place === 'thread') void seat.session.stopped.then((reason) => this.threadStopped(seat, reason))
  }

  private leave(seat: Seat): void {
    if (seat.calls === 0) void seat.session.release()
  }

  /** Waits for a move that is under way, or starts one before an input that would block the event loop for too long. */
  private leaveEventLoop(size: number): Promise<void> | undefined {
    if (this.moving === undefined) {
      const ratio = size / this.measured.size
      const expectedMs = ratio * this.measured.milliseconds
      if (ratio <= LARGER_INPUT || expectedMs <= INLINE_BATCH_MS) return undefined
      this.moveToThread(expectedMs)
    }
    // One that fails is tried again after the next long calls; until then calls run here.
    return this.moving?.catch(() => {})
  }

  /** CPU time of the process up to a moment ago: to ask takes 3 to 20 us, which is much beside a call of 30. */
  private recentCpu(): CpuSample {
    const now = performance.now()
    if (this.cpu === undefined || now - this.cpu.at > CPU_SAMPLE_MS) this.cpu = { usage: process.cpuUsage(), at: now }
    return { ...this.cpu, gapMs: now - this.cpu.at }
  }

  private isSuspect(): boolean {
    return this.intervalStart > 0 && performance.now() - this.intervalStart < BLOCKED_INTERVAL_MS
  }

  /** Counts a long call, by the CPU time it took where that is known: waiting for a CPU is not the model's fault. */
  private countBlocked(blockedMs: number, cpuBefore: CpuSample | undefined): void {
    const now = performance.now()
    if (now - this.intervalStart >= BLOCKED_INTERVAL_MS) {
      this.intervalStart = now
      this.blockedMsInInterval = 0
    }
    if (cpuBefore !== undefined) {
      const { user, system } = process.cpuUsage(cpuBefore.usage)
      // What was done between the sample and the call is not the call's.
      const ownMs = Math.max(0, (user + system) / 1000 - cpuBefore.gapMs)
      this.blockedMsInInterval += Math.min(blockedMs, ownMs)
    } else if (blockedMs > CERTAIN_MS) this.blockedMsInInterval += blockedMs
    if (this.blockedMsInInterval < MAX_BLOCKED_MS) return
    this.intervalStart = Number.NEGATIVE_INFINITY
    this.moveToThread(blockedMs)
  }

  private moveToThread(milliseconds: number): void {
    if (this.closed || this.moving !== undefined) return
    this.move('thread', milliseconds).catch((error: unknown) => {
      this.measured = { ...this.measured, size: Number.POSITIVE_INFINITY }
      this.observer.failed(reasonOf(error))
    })
  }

  private threadStopped(seat: Seat, reason: string): void {
    if (seat !== this.seat || this.closed) return
    this.up = false
    this.observer.stopped(reason)
    if (performance.now() - this.seatedAt > LONG_LIFE_MS) this.restartDelay = FIRST_RESTART_MS
    this.restartLater()
  }

  private restartLater(): void {
    if (this.closed) return
    this.restartTimer = setTimeout(() => {
      this.moving ??= this.restart().finally(() => {
        this.moving = undefined
      })
    }, this.restartDelay)
    this.restartTimer.unref()
    this.restartDelay = Math.min(this.restartDelay * 2, LAST_RESTART_MS)
  }

  private async restart(): Promise<void> {
    try {
      this.take(await openSeat('thread', this.open))
      this.observer.restarted()
    } catch (error) {
      this.observer.failed(reasonOf(error))
      this.restartLater()
    }
  }
}

async function openSeat(place: Place, open: Opener): Promise<Seat> {
  return place === 'thread'
    ? { place, session: await open.thread(), calls: 0 }
    : { place, session: await open['event-loop'](), calls: 0 }
}

/** Elements of all tensors; of texts their characters. */
function inputSize(feeds: Tensors): number {
  let size = 0
  for (const name in feeds) {
    const { data } = feeds[name] as Tensor
    size += data.length
    if (Array.isArray(data)) for (const text of data) size += text.length
  }
  return size
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
