import { ScoreCounts } from './score-counts.ts'

/** Classes that are told apart; the rest is one class. A truth with more is hardly one of classes. */
const MOST_CLASSES = 200
const OTHER_CLASSES = '(other)'

/** As scikit-learn clips for double precision: an impossible event that happened must not make the sum infinite. */
const SMALLEST_PROBABILITY = 2.220446049250313e-16

export interface ClassMetrics {
  /** Rows that truly are of this class. */
  support: number
  /** Of the rows predicted as this class, the share that is; 0 where none is predicted. */
  precision: number
  /** Of the rows of this class, the share that is predicted as it; 0 where there is none. */
  recall: number
  /** Harmonic mean of both. */
  f1: number
  /** One class against the rest; null where the log has no probabilities, or only one of the two. */
  rocAuc: number | null
}

export interface ClassificationMetrics {
  rows: number
  accuracy: number | null
  /** Unweighted mean over the classes that are true or predicted. */
  macro: { precision: number; recall: number; f1: number } | null
  /** Mean of -ln of the probability that the true class was given; null where a row has no probabilities. */
  logLoss: number | null
  /** Unweighted mean over the classes, one against the rest. */
  rocAuc: number | null
  /** Present when scores were rounded: there were too many different ones to count each. */
  rocAucRounded?: true
  classes: Record<string, ClassMetrics>
}

interface ClassCounts {
  support: number
  predicted: number
  correct: number
  scores: ScoreCounts
}

/** Adds up rows one by one, in memory that the number of classes and of distinct scores bounds. */
export class Classification {
  private rows = 0
  private correct = 0
  private loss = 0
  private rowsWithProbabilities = 0
  private readonly classes = new Map<string, ClassCounts>()
  private readonly scoreSteps: number

  /** Up to `scoreSteps` distinct scores of a class are counted one by one, more are rounded to 1/`scoreSteps`. */
  constructor(scoreSteps: number) {
    this.scoreSteps = scoreSteps
  }

  /** `probabilities` by class, where the log has them. */
  add(predicted: string, truth: string, probabilities: Readonly<Record<string, number>> | undefined): void {
    this.rows += 1
    if (predicted === truth) this.correct += 1
    this.of(truth).support += 1
    this.of(predicted).predicted += 1
    if (predicted === truth) this.of(truth).correct += 1
    const given = probabilities?.[truth]
    if (probabilities === undefined || given === undefined) return
    this.rowsWithProbabilities += 1
    this.loss -= Math.log(Math.min(Math.max(given, SMALLEST_PROBABILITY), 1 - SMALLEST_PROBABILITY))
    for (const [name, score] of Object.entries(probabilities)) this.of(name).scores.add(score, name === truth)
  }

  metrics(): ClassificationMetrics {
    const rows = this.rows
    const complete = rows > 0 && this.rowsWithProbabilities === rows
    const counted = [...this.classes].sort(([a], [b]) => (a < b ? -1 : 1))
    const classes = counted.map(([name, counts]) => [name, metricsOf(counts, complete)] as const)
    const seen = classes.filter((_, index) => {
      const { support, predicted } = counted[index]?.[1] as ClassCounts
      return support > 0 || predicted > 0
    })
    const areas = classes.map(([, { rocAuc }]) => rocAuc).filter((area) => area !== null)
    const mean = (of: 'precision' | 'recall' | 'f1') => average(seen.map(([, metrics]) => metrics[of]))
    const rounded = counted.some(([, { scores }]) => !scores.exact)
    return {
      rows,
      accuracy: rows === 0 ? null : this.correct / rows,
      macro: rows === 0 ? null : { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') },
      logLoss: complete ? this.loss / rows : null,
      rocAuc: areas.length === 0 ? null : average(areas),
      ...(rounded && { rocAucRounded: true as const }),
      classes: Object.fromEntries(classes),
    }
  }

  private of(name: string): ClassCounts {
    const known = this.classes.get(name)
    if (known !== undefined) return known
    if (this.classes.size >= MOST_CLASSES && name !== OTHER_CLASSES) return this.of(OTHER_CLASSES)
    const counts: ClassCounts = { support: 0, predicted: 0, correct: 0, scores: new ScoreCounts(this.scoreSteps) }
    this.classes.set(name, counts)
    return counts
  }
}

function metricsOf({ support, predicted, correct, scores }: ClassCounts, complete: boolean): ClassMetrics {
  const precision = predicted === 0 ? 0 : correct / predicted
  const recall = support === 0 ? 0 : correct / support
  const f1 = support + predicted === 0 ? 0 : (2 * correct) / (support + predicted)
  return { support, precision, recall, f1, rocAuc: complete ? scores.area() : null }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
