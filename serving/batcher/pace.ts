/** The pace is that of so many calls of about the same size. */
const RECENT_CALLS = 16

/** Recent calls of one size. */
interface Recent {
  milliseconds: number[]
  next: number
  meanMs: number
}

/** How long calls of a model have recently taken, by their rows: a full call may take many times as long as one of a single row. */
export class Pace {
  /** By the power of two of the rows. */
  private readonly bySize: (Recent | undefined)[] = []

  /** Notes how long one call took. */
  note(rows: number, milliseconds: number): void {
    const size = sizeOf(rows)
    const recent = this.bySize[size] ?? { milliseconds: [], next: 0, meanMs: 0 }
    this.bySize[size] = recent
    recent.milliseconds[recent.next] = milliseconds
    recent.next = (recent.next + 1) % RECENT_CALLS
    const { length } = recent.milliseconds
    const longest = Math.max(...recent.milliseconds)
    const sum = recent.milliseconds.reduce((total, ms) => total + ms, 0)
    // Without the longest: one call that was interrupted, or the first of all, says nothing of the next thousand.
    recent.meanMs = length === 1 ? longest : (sum - longest) / (length - 1)
  }

  /** Milliseconds of a call; where none of its size was seen, of the next smaller one or else the next larger one. 0 before any call. */
  expectedMs(rows: number): number {
    const size = sizeOf(rows)
    for (let smaller = size; smaller >= 0; smaller--) {
      const recent = this.bySize[smaller]
      if (recent !== undefined) return recent.meanMs
    }
    return this.bySize.find((recent) => recent !== undefined)?.meanMs ?? 0
  }
}

function sizeOf(rows: number): number {
  return 31 - Math.clz32(Math.max(1, rows))
}
