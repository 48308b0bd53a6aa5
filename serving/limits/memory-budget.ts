import { collectGarbage, memoryLimit } from './memory-limit.ts'

/** Share of the limit that stays free: garbage, the kernel's buffers, what a measured factor does not see. */
const HEADROOM = 1 / 8

/** Share of the budget that large requests cannot take, so that small ones beside them always find room. */
const SMALL_SHARE = 1 / 4

/** A request that holds no more than this, bytes, is small. */
export const SMALL_BYTES = 512 * 1024

/** Even where models leave less, requests one after the other must have room. */
const MIN_CAPACITY = 16 * 2 ** 20

/** Why a reservation cannot be made: `busy` passes, `too-large` does not. */
export type Shortage = 'busy' | 'too-large'

/** What one request holds; to be released on every path. */
export interface Reservation {
  readonly bytes: number
  /** Takes more; undefined when it was granted, and otherwise nothing has changed. */
  grow(bytes: number): Shortage | undefined
  /** Gives everything back; once. */
  release(): void
}

/**
 * Bytes that all requests in flight may hold at a time: bodies, parsed values, tensors and answers, as estimated before each comes
 * into being. It is what the limit of the process leaves beside the models.
 */
export class MemoryBudget {
  readonly limit: number
  private readonly used: () => number
  private total: number
  private held = 0
  private requests = 0
  private releasedSinceCollection = 0
  private smallSinceLook = 0
  private collecting = false

  /** `limit`: bytes that the process may use. `used`: bytes that it uses without any request. */
  constructor(limit: number = memoryLimit(), used: () => number = usedMemory) {
    this.limit = limit
    this.used = used
    this.total = this.capacityNow()
  }

  /** Bytes for all requests. */
  get capacity(): number {
    return this.total
  }

  /** Bytes for one request at most. */
  get largest(): number {
    return this.total * (1 - SMALL_SHARE)
  }

  /** Bytes that are held now. */
  get inFlight(): number {
    return this.held
  }

  /** Requests that hold something now. */
  get holders(): number {
    return this.requests
  }

  /** To be called when models were loaded or freed: they are not there for requests. */
  measure(): void {
    if (this.requests === 0) this.total = this.capacityNow()
  }

  /** Room for one request, or why there is none. */
  reserve(bytes: number): Reservation | Shortage {
    const shortage = this.shortage(0, bytes)
    if (shortage !== undefined) return shortage
    this.held += bytes
    this.requests += 1
    const budget = this
    let own = bytes
    let open = true
    return {
      get bytes() {
        return own
      },
      grow(more) {
        const denied = open ? budget.shortage(own, more) : 'busy'
        if (denied !== undefined) return denied
        budget.held += more
        own += more
        return undefined
      },
      release() {
        if (!open) return
        open = false
        budget.held -= own
        budget.requests -= 1
        if (own > SMALL_BYTES) budget.collectLater(own)
        else budget.collectAfterMany(own)
      },
    }
  }

  private capacityNow(): number {
    return Math.max(this.limit * (1 - HEADROOM) - this.used(), Math.min(MIN_CAPACITY, this.limit / 4))
  }

  private shortage(own: number, more: number): Shortage | undefined {
    const wanted = own + more
    if (wanted <= SMALL_BYTES) return this.held + more <= this.total ? undefined : 'busy'
    if (wanted > this.largest) return 'too-large'
    return this.held + more <= this.largest ? undefined : 'busy'
  }

  /**
   * Small requests are garbage of a moment, unless they come faster than they are answered: then V8 takes them for what stays, and
   * does not collect it before the limit. Looks once in as many as would take a quarter of the budget.
   */
  private collectAfterMany(released: number): void {
    this.smallSinceLook += released
    if (this.smallSinceLook < this.total / 4) return
    this.smallSinceLook = 0
    const half = this.limit * (1 - HEADROOM) - this.total / 2
    if (this.used() > half) this.collectLater(this.total)
  }

  /** What large requests leave behind is collected before it adds up to a quarter of the budget. */
  private collectLater(released: number): void {
    this.releasedSinceCollection += released
    if (this.collecting || this.releasedSinceCollection < this.total / 4) return
    this.collecting = true
    setImmediate(() => {
      this.collecting = false
      this.releasedSinceCollection = 0
      collectGarbage()
    })
  }
}

/** What is resident, without the part of the heap that is free. */
function usedMemory(): number {
  const { rss, heapTotal, heapUsed } = process.memoryUsage()
  return rss - heapTotal + heapUsed
}
