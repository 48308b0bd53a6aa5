import type { Baseline, Column, ModelInterface, OutputTensor } from '../../contract/index.ts'
import { type BinCounter, createBinCounter } from './bin-counter.ts'

/** Series of drift (counts and baseline shares together) that one pod exposes at most. */
export const SERIES_A_POD = 20_000
/** The same for one version, so that one wide model does not use up the pod's. */
export const SERIES_A_VERSION = 2_000

/** One feature or output that is counted. */
export interface Counted {
  name: string
  counter: BinCounter
  /** Name of the tensor. */
  tensor: string
  /** Element of a row, and elements a row has; 0 and 1 where every element of the tensor is counted alike. */
  offset: number
  width: number
}

/** Mean confidence of an output with labels. */
export interface Confidence {
  name: string
  /** Labels, which is elements a row. */
  width: number
}

export interface DriftPlan {
  features: Counted[]
  outputs: Counted[]
  confidences: Confidence[]
  /** Series that these need. */
  series: number
  /** Names left out since the budget is used up, least important last. */
  overBudget: string[]
  /** Names that the baseline has and the interface does not, or whose values cannot be put into its bins. */
  uncountable: string[]
}

/**
 * What to count for a version within `budget` series: outputs first, then features by descending `importance`, then in the
 * order of the baseline. A bin costs two series: its count and its share in the baseline.
 */
export function planDrift(modelInterface: ModelInterface, baseline: Baseline, budget: number): DriftPlan {
  const plan: DriftPlan = {
    features: [],
    outputs: [],
    confidences: [],
    series: 0,
    overBudget: [],
    uncountable: [],
  }
  const take = (series: number) => {
    if (plan.series + series > budget) return false
    plan.series += series
    return true
  }
  for (const { name, datatype, labels = [] } of modelInterface.outputs) {
    if (labels.length > 1 && (datatype === 'float32' || datatype === 'float64') && take(2)) {
      plan.confidences.push({ name, width: labels.length })
    }
  }
  const outputs = new Map(modelInterface.outputs.flatMap(outputVariables))
  const features = new Map(featureVariables(modelInterface))
  const ordered = Object.entries(baseline.features).sort(([, a], [, b]) => (b.importance ?? 0) - (a.importance ?? 0))
  const groups = [
    { wanted: Object.entries(baseline.outputs), variables: outputs, into: plan.outputs },
    { wanted: ordered, variables: features, into: plan.features },
  ]
  for (const { wanted, variables, into } of groups) {
    for (const [name, bins] of wanted) {
      const variable = variables.get(name)
      const counter = variable && createBinCounter(bins, variable.datatype, variable.column)
      if (variable === undefined || counter === undefined) plan.uncountable.push(name)
      else if (!take(2 * counter.bins.length)) plan.overBudget.push(name)
      else into.push({ name, counter, tensor: variable.tensor, offset: variable.offset, width: variable.width })
    }
  }
  return plan
}

interface Variable extends Pick<Counted, 'tensor' | 'offset' | 'width'> {
  datatype: OutputTensor['datatype']
  column?: Column
}

/** A whole output under its name, and each column of an output with labels under `name.label`. */
function outputVariables({ name, datatype, labels = [] }: OutputTensor): [string, Variable][] {
  return [
    [name, { tensor: name, datatype, offset: 0, width: 1 }],
    ...labels.map((label, offset): [string, Variable] => [
      `${name}.${label}`,
      { tensor: name, datatype, offset, width: labels.length },
    ]),
  ]
}

function* featureVariables({ inputs }: ModelInterface): Generator<[string, Variable]> {
  for (const { name: tensor, datatype, columns = [] } of inputs) {
    for (const [offset, column] of columns.entries()) {
      yield [column.name, { tensor, datatype, offset, width: columns.length, column }]
    }
  }
}
