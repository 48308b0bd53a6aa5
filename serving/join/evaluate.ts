import { isObject } from '../session/index.ts'
import { Classification, type ClassificationMetrics } from './classification.ts'
import type { JoinedRow } from './match-request.ts'
import { Regression, type RegressionMetrics } from './regression.ts'
import { type Slice, sliceValue } from './slice.ts'

/** `probability`: one number from 0 to 1, the chance that the truth is 1 or true. */
export type Task = 'regression' | 'classification' | 'probability'

export const TASKS: readonly Task[] = ['regression', 'classification', 'probability']

type Metrics = RegressionMetrics | ClassificationMetrics

export interface VersionReport {
  metrics: Metrics
  /** By feature, by its value or bin. */
  slices?: Record<string, Record<string, Metrics>>
}

export interface OutputReport {
  task: Task
  /** Rows whose prediction and truth cannot be compared as this task. */
  incomparable: number
  versions: Record<string, VersionReport>
}

/** By model, by output. */
export type Report = Record<string, Record<string, OutputReport>>

/** Values of one feature that are told apart; the rest is one. */
const MOST_VALUES = 50
const OTHER_VALUES = '(other)'

/** Distinct scores that are counted exactly, of a version and of a slice: what bounds the memory of the ROC curves. */
const VERSION_STEPS = 2 ** 16
const SLICE_STEPS = 2 ** 12

/** One prediction and its truth as a task takes them. */
type Pair =
  | { predicted: number; truth: number }
  | { predicted: string; truth: string; probabilities: Record<string, number> | undefined }

interface VersionTotals {
  all: Regression | Classification
  slices: Map<string, Map<string, Regression | Classification>>
}

interface OutputTotals {
  task: Task
  incomparable: number
  versions: Map<string, VersionTotals>
}

/** Metrics by model, output, version and slice, row by row. */
export class Evaluation {
  private readonly tasks: ReadonlyMap<string, Task>
  private readonly slices: readonly Slice[]
  private readonly models = new Map<string, Map<string, OutputTotals>>()

  /** `tasks` by output, where the kind of its truth is not the right one. */
  constructor(tasks: ReadonlyMap<string, Task>, slices: readonly Slice[]) {
    this.tasks = tasks
    this.slices = slices
  }

  add(row: JoinedRow): void {
    const { model, version } = row.prediction
    for (const [output, truth] of Object.entries(row.truth)) {
      const totals = this.totals(model, output, row)
      const pair = pairOf(totals.task, output, truth, row)
      if (pair === null) {
        totals.incomparable += 1
        continue
      }
      const ofVersion = getOrAdd(totals.versions, version, () => {
        return { all: createTotals(totals.task, VERSION_STEPS), slices: new Map() }
      })
      addPair(ofVersion.all, pair)
      for (const slice of this.slices) {
        const values = getOrAdd(ofVersion.slices, slice.feature, () => new Map())
        const value = sliceValue(slice, row.inputs)
        const known = values.has(value) || values.size < MOST_VALUES ? value : OTHER_VALUES
        addPair(
          getOrAdd(values, known, () => createTotals(totals.task, SLICE_STEPS)),
          pair,
        )
      }
    }
  }

  report(): Report {
    return mapValues(this.models, (outputs) =>
      mapValues(outputs, ({ task, incomparable, versions }) => ({
        task,
        incomparable,
        versions: mapValues(versions, ({ all, slices }) => ({
          metrics: all.metrics(),
          ...(slices.size > 0 && {
            slices: mapValues(slices, (values) => mapValues(values, (totals) => totals.metrics())),
          }),
        })),
      })),
    )
  }

  private totals(model: string, output: string, { kinds }: JoinedRow): OutputTotals {
    const outputs = getOrAdd(this.models, model, () => new Map())
    return getOrAdd(outputs, output, () => {
      const task = this.tasks.get(output) ?? (kinds[output] === 'class' ? 'classification' : 'regression')
      return { task, incomparable: 0, versions: new Map() }
    })
  }
}

function createTotals(task: Task, scoreSteps: number): Regression | Classification {
  return task === 'regression' ? new Regression() : new Classification(scoreSteps)
}

function addPair(totals: Regression | Classification, pair: Pair): void {
  if (totals instanceof Regression) totals.add(pair.predicted as number, pair.truth as number)
  else if ('probabilities' in pair) totals.add(pair.predicted, pair.truth, pair.probabilities)
}

/** Null for what cannot be compared: a prediction that is NaN, a list, a label where a number is due. */
function pairOf(task: Task, output: string, truth: unknown, { outputs }: JoinedRow): Pair | null {
  const predicted = outputs[output]
  if (task === 'regression') {
    return typeof predicted === 'number' && typeof truth === 'number' ? { predicted, truth } : null
  }
  if (task === 'probability') {
    if (typeof predicted !== 'number' || predicted < 0 || predicted > 1) return null
    const name = { '0': '0', '1': '1', false: '0', true: '1' }[String(truth)]
    if (name === undefined) return null
    const probabilities = { '0': 1 - predicted, '1': predicted }
    return { predicted: predicted >= 0.5 ? '1' : '0', truth: name, probabilities }
  }
  const own = probabilitiesOf(predicted)
  if (own !== undefined) return { predicted: mostProbable(own), truth: String(truth), probabilities: own }
  if (predicted === undefined || predicted === null || typeof predicted === 'object') return null
  return {
    predicted: String(predicted),
    truth: String(truth),
    probabilities: probabilitiesBeside(outputs, String(truth)),
  }
}

/** An output with labels, all of its values numbers. */
function probabilitiesOf(value: unknown): Record<string, number> | undefined {
  if (!isObject(value)) return undefined
  const entries = Object.entries(value)
  const numeric = entries.length > 0 && entries.every(([, probability]) => typeof probability === 'number')
  return numeric ? (value as Record<string, number>) : undefined
}

/** A label's probabilities are often another output, whose labels are the classes. */
function probabilitiesBeside(outputs: JoinedRow['outputs'], truth: string): Record<string, number> | undefined {
  for (const value of Object.values(outputs)) {
    const probabilities = probabilitiesOf(value)
    if (probabilities !== undefined && Object.hasOwn(probabilities, truth)) return probabilities
  }
  return undefined
}

function mostProbable(probabilities: Record<string, number>): string {
  return Object.entries(probabilities).reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0]
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const created = create()
  map.set(key, created)
  return created
}

function mapValues<V, R>(map: ReadonlyMap<string, V>, change: (value: V) => R): Record<string, R> {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]))
}
