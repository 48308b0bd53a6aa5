/**
 * Counts of positives and negatives by score, for the area under the ROC curve. Exact up to `steps` distinct scores; beyond
 * that scores are rounded to 1/`steps`, so that memory stays bounded whatever the number of rows.
 */
export class ScoreCounts {
  private readonly steps: number
  /** By score: [negatives, positives]. */
  private counts = new Map<number, [number, number]>()
  private coarse = false

  constructor(steps: number) {
    this.steps = steps
  }

  get exact(): boolean {
    return !this.coarse
  }

  add(score: number, positive: boolean): void {
    this.put(this.coarse ? this.round(score) : score, positive ? 0 : 1, positive ? 1 : 0)
    if (!this.coarse && this.counts.size > this.steps) {
      const before = this.counts
      this.coarse = true
      this.counts = new Map()
      for (const [exact, [negatives, positives]] of before) {
        this.put(this.round(exact), negatives, positives)
      }
    }
  }

  /** The chance that a positive scores higher than a negative, ties as one half; null without either of them. */
  area(): number | null {
    let negativesBelow = 0
    let positives = 0
    let wins = 0
    for (const [, [negative, positive]] of [...this.counts].sort(([a], [b]) => a - b)) {
      wins += positive * (negativesBelow + negative / 2)
      negativesBelow += negative
      positives += positive
    }
    return positives === 0 || negativesBelow === 0 ? null : wins / positives / negativesBelow
  }

  private round(score: number): number {
    return Math.round(score * this.steps) / this.steps
  }

  private put(score: number, negatives: number, positives: number): void {
    const known = this.counts.get(score)
    if (known === undefined) this.counts.set(score, [negatives, positives])
    else {
      known[0] += negatives
      known[1] += positives
    }
  }
}
