/**
 * What evaluation may cost, as in k8s.io/apiserver `pkg/apis/cel`: PerCallLimit and RuntimeCELCostBudget. A step of the syntax tree
 * counts one here, where Kubernetes' estimates weigh some steps differently: a rule near the limit could not be checked.
 */
const PER_CALL = 1_000_000
const PER_OBJECT = 10_000_000

/** A rule that the API server may stop, too. */
export class CostExceeded extends Error {}

let leftOfCall = 0
let leftOfObject = 0

/** Runs the rules of one object. */
export function withBudget(run: () => void): void {
  leftOfObject = PER_OBJECT
  run()
}

/** Begins the evaluation of one rule. */
export function beginCall(): void {
  leftOfCall = PER_CALL
}

/** @throws CostExceeded */
export function spend(cost: number): void {
  leftOfCall -= cost
  leftOfObject -= cost
  if (leftOfCall >= 0 && leftOfObject >= 0) return
  throw new CostExceeded(
    leftOfCall < 0
      ? 'it costs more than the API server lets one rule cost'
      : 'the rules cost more than the API server lets an object cost',
  )
}

type Evaluate = (...args: unknown[]) => unknown

/** Makes each step of a program spend one. */
export function counted(program: unknown): void {
  const seen = new Set<object>()
  const open = [program]
  while (open.length > 0) {
    const at = open.pop()
    if (typeof at !== 'object' || at === null || seen.has(at)) continue
    seen.add(at)
    for (const part of Object.values(at)) open.push(part)
    // What a step is replaced by, once its types are known.
    if ('meta' in at) open.push(at.meta)
    if ('evaluate' in at && typeof at.evaluate === 'function') count(at as { evaluate: Evaluate })
  }
}

/** A step of the library chooses how it is evaluated at the first time, and writes that over itself. */
function count(step: { evaluate: Evaluate }): void {
  let chosen = step.evaluate
  const evaluate: Evaluate = (...args) => {
    spend(1)
    return chosen.apply(step, args)
  }
  Object.defineProperty(step, 'evaluate', {
    get: () => evaluate,
    set(other: Evaluate) {
      chosen = other
    },
  })
}
