import type { Baseline, ModelInterface } from '../../contract/index.ts'
import type { Tensors } from '../../session/index.ts'
import { type Counted, type DriftPlan, planDrift } from './plan.ts'

/** Sums of the top probability of each row of an output with labels. */
export interface ConfidenceCounter {
  name: string
  width: number
  sum: number
  rows: number
}

/** The counts of one version since it was loaded. */
export class VersionDrift {
  readonly plan: DriftPlan
  readonly confidences: ConfidenceCounter[]

  /** Counts what `planDrift` chooses within `budget` series. */
  constructor(modelInterface: ModelInterface, baseline: Baseline, budget: number) {
    this.plan = planDrift(modelInterface, baseline, budget)
    this.confidences = this.plan.confidences.map((confidence) => ({ ...confidence, sum: 0, rows: 0 }))
  }

  /**
   * Counts one answered request; `outputs` may be some of the outputs only. Nothing is allocated: it costs about 20 ns a
   * value, one binary search and one addition in a typed array.
   */
  observe(feeds: Tensors, outputs: Tensors): void {
    const { plan, confidences } = this
    for (let index = 0; index < plan.features.length; index++) countIn(plan.features[index] as Counted, feeds)
    for (let index = 0; index < plan.outputs.length; index++) countIn(plan.outputs[index] as Counted, outputs)
    for (let index = 0; index < confidences.length; index++) {
      addConfidence(confidences[index] as ConfidenceCounter, outputs)
    }
  }
}

function countIn({ counter, tensor: name, offset, width }: Counted, tensors: Tensors): void {
  const tensor = tensors[name]
  if (tensor === undefined) return
  const rows = tensor.data.length / width
  if (Number.isInteger(rows)) counter.count(tensor.data, offset, width, rows)
}

function addConfidence(confidence: ConfidenceCounter, outputs: Tensors): void {
  const tensor = outputs[confidence.name]
  if (tensor === undefined) return
  const { width } = confidence
  const data = tensor.data as Float32Array
  for (let row = 0; row + width <= data.length; row += width) {
    let top = data[row] as number
    for (let at = row + 1; at < row + width; at++) if ((data[at] as number) > top) top = data[at] as number
    // One NaN would make the sum NaN for ever.
    if (!Number.isFinite(top)) continue
    confidence.sum += top
    confidence.rows += 1
  }
}
