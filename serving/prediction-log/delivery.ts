import { setTimeout as sleep } from 'node:timers/promises'
import { BoundedBuffer } from './bounded-buffer.ts'
import { RefusedBatchError, type Sink } from './sink.ts'

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 30_000

export interface DeliverySettings {
  /** What may wait, bytes. */
  bufferBytes: number
  /** A batch is written when so much waits ... */
  batchBytes: number
  /** ... or after so long. */
  flushMs: number
}

export interface DeliveryEvents {
  written(lines: number): void
  /** `refused`: the receiver will never take them; `abandoned`: the process ends before they could be written. */
  lost(lines: number, why: 'refused' | 'abandoned', reason: string): void
  /** An attempt has failed and will be repeated; `first` of its outage. */
  failing(reason: string, first: boolean): void
}

/** Writes lines to a sink in the background. Nobody waits for it: when the sink cannot keep up, the buffer fills and `push` says no. */
export class Delivery {
  private readonly sink: Sink
  private readonly settings: DeliverySettings
  private readonly events: DeliveryEvents
  private readonly buffer: BoundedBuffer
  private readonly abort = new AbortController()
  private readonly hurry = new AbortController()
  private running: Promise<void> | undefined
  private wake = () => {}

  constructor(sink: Sink, settings: DeliverySettings, events: DeliveryEvents) {
    this.sink = sink
    this.settings = settings
    this.events = events
    this.buffer = new BoundedBuffer(settings.bufferBytes)
  }

  get bufferedBytes(): number {
    return this.buffer.bytes
  }

  /** All lines are taken or, when the buffer is full and after `close`, none. */
  push(lines: readonly string[]): boolean {
    if (this.hurry.signal.aborted || !this.buffer.push(lines)) return false
    if (this.buffer.bytes >= this.settings.batchBytes) this.wake()
    this.running ??= this.run()
    return true
  }

  /** Writes what is waiting, without further pauses, for at most `timeoutMs`; the rest is lost and told. */
  async close(timeoutMs: number): Promise<void> {
    this.hurry.abort()
    this.wake()
    const timer = setTimeout(() => this.abort.abort(), timeoutMs)
    await this.running
    clearTimeout(timer)
    await this.sink.close().catch(() => {})
  }

  private async run(): Promise<void> {
    let delay = FIRST_RETRY_MS
    let mostLines = this.sink.mostLines
    await this.gather()
    while (this.buffer.length > 0) {
      const batch = this.buffer.peek(mostLines, this.settings.batchBytes)
      try {
        await this.untilAborted(this.sink.write(batch, this.abort.signal))
        this.buffer.confirm(batch.length)
        this.events.written(batch.length)
        delay = FIRST_RETRY_MS
        mostLines = this.sink.mostLines
        if (this.buffer.length < mostLines) await this.gather()
      } catch (error) {
        const reason = describe(error)
        if (this.abort.signal.aborted) {
          const { length } = this.buffer
          this.buffer.confirm(length)
          this.events.lost(length, 'abandoned', reason)
          break
        }
        if (error instanceof RefusedBatchError) {
          // Halved until the lines that are refused are alone: one bad event must not take its neighbours with it.
          mostLines = Math.max(1, batch.length >> 1)
          if (batch.length > 1) continue
          this.buffer.confirm(1)
          this.events.lost(1, 'refused', reason)
          // A receiver that refuses everything must not be asked for each event at full speed.
          await this.rest(FIRST_RETRY_MS)
          continue
        }
        this.events.failing(reason, delay === FIRST_RETRY_MS)
        await this.rest(delay)
        delay = Math.min(delay * 2, LAST_RETRY_MS)
      }
    }
    this.running = undefined
  }

  /** Waits for a batch worth writing. */
  private async gather(): Promise<void> {
    if (this.buffer.bytes >= this.settings.batchBytes || this.hurry.signal.aborted) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.settings.flushMs)
      timer.unref()
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.wake = () => {}
  }

  /**
   * A pause between attempts. Half of it is chance, so that the pods of a fleet do not ask a receiver that comes back all at once.
   * While the process ends there is no time for long pauses, but a dead sink must not be asked in a tight loop either.
   */
  private async rest(milliseconds: number): Promise<void> {
    const signal = this.hurry.signal.aborted ? this.abort.signal : this.hurry.signal
    const pause = this.hurry.signal.aborted ? FIRST_RETRY_MS : milliseconds * (0.5 + Math.random() / 2)
    // Not what keeps a process alive, except while it ends, when the rest of the buffer is all that is left to do.
    await sleep(pause, undefined, { signal, ref: this.hurry.signal.aborted }).catch(() => {})
  }

  /** A file system that hangs cannot be aborted; it must not keep the process from ending. */
  private async untilAborted(write: Promise<void>): Promise<void> {
    const { signal } = this.abort
    let onAbort = () => {}
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(new Error('the process ends'))
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
    })
    try {
      await Promise.race([write, aborted])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // fetch says only "fetch failed"; why is in the cause.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
