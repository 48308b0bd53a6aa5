import {
  type InlineSession,
  type Session,
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

/** Calls in a row that must be slow before a model moves while it serves: one that was interrupted proves nothing. */
const SLOW_CALLS = 8

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
  private slowCalls = 0
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

  /** Milliseconds that the last call blocked the event loop; undefined in a thread. */
  get blockedMs(): number | undefined {
    return this.seat.place === 'event-loop' ? this.seat.session.blockedMs : undefined
  }

  /** One call; rejects with a `WorkerStoppedError` when the thread ends, or while there is none. */
  readonly run = async (feeds: Tensors, outputNames?: readonly string[], fresh?: boolean): Promise<Tensors> => {
    if (!this.up) throw new WorkerStoppedError('it is being started again')
    const { seat } = this
    seat.calls += 1
    try {
      return await seat.session.run(feeds, outputNames, fresh)
    } finally {
      seat.calls -= 1
      if (seat !== this.seat) this.leave(seat)
      else if (seat.place === 'event-loop') this.watch(seat.session.blockedMs)
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

  private watch(milliseconds: number): void {
    this.slowCalls = milliseconds > INLINE_BATCH_MS ? this.slowCalls + 1 : 0
    if (this.slowCalls < SLOW_CALLS || this.closed || this.moving !== undefined) return
    this.slowCalls = 0
    this.move('thread', milliseconds).catch((error: unknown) => this.observer.failed(reasonOf(error)))
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

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
