/** A timer takes no longer delay. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** One timer for many deadlines: it calls at the earliest that it was told, and is to be told the rest again then. */
export class DeadlineTimer {
  private readonly passed: (now: number) => void
  private timer: NodeJS.Timeout | undefined
  private earliest = Number.POSITIVE_INFINITY

  constructor(passed: (now: number) => void) {
    this.passed = passed
  }

  /** `deadline` and `now` are on the clock of `performance.now()`. */
  add(deadline: number, now: number): void {
    if (deadline >= this.earliest) return
    clearTimeout(this.timer)
    this.earliest = deadline
    const delay = Math.min(Math.max(deadline - now, 0) + 1, LONGEST_DELAY_MS)
    this.timer = setTimeout(() => {
      this.earliest = Number.POSITIVE_INFINITY
      this.passed(performance.now())
    }, delay)
    this.timer.unref()
  }
}
