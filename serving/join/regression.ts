/** Figures of numbers against numbers, in the output's unit; each is null where it is not defined. */
export interface RegressionMetrics {
  rows: number
  /** Mean of |predicted - true|. */
  mae: number | null
  /** Root of the mean of (predicted - true)^2. */
  rmse: number | null
  /** 1 - sum (predicted - true)^2 / sum (true - mean true)^2; not defined below two rows. */
  r2: number | null
  /** Mean of predicted - true: above 0, the model predicts too much. */
  bias: number | null
}

/** Adds up pairs one by one, in constant memory. */
export class Regression {
  private rows = 0
  private absolute = 0
  private squared = 0
  private signed = 0
  private mean = 0
  /** Sum of (true - mean)^2, by Welford's recurrence: sums of squares lose their digits where the mean is large. */
  private spread = 0

  add(predicted: number, truth: number): void {
    const error = predicted - truth
    this.rows += 1
    this.absolute += Math.abs(error)
    this.squared += error * error
    this.signed += error
    const delta = truth - this.mean
    this.mean += delta / this.rows
    this.spread += delta * (truth - this.mean)
  }

  metrics(): RegressionMetrics {
    const { rows } = this
    if (rows === 0) return { rows, mae: null, rmse: null, r2: null, bias: null }
    return {
      rows,
      mae: this.absolute / rows,
      rmse: Math.sqrt(this.squared / rows),
      r2: rows < 2 ? null : this.determination(),
      bias: this.signed / rows,
    }
  }

  /** As scikit-learn's `r2_score` where all truths are equal: 1 when they are predicted exactly, else 0. */
  private determination(): number {
    if (this.spread > 0) return 1 - this.squared / this.spread
    return this.squared === 0 ? 1 : 0
  }
}
