import { type LoopMeasurement, type Measurement, median } from './measure.ts'

/** Everything that one run has found; ids are those of `bench/serving.ts`. */
export interface Results {
  taken: string
  machine: Record<string, string>
  rounds: number
  seconds: number
  measurements: Measurement[]
  loops: LoopMeasurement[]
  /** Seconds from the start of a process to readiness, by id of a contestant. */
  readySeconds: Record<string, number>
  imageDependenciesMb?: number
  /** What could not run, and why. */
  skipped: string[]
}

/** One figure that the server is held to. */
export interface Ratio {
  id: string
  title: string
  value: number
  /** What it must reach, and what it aims at: at least, or at most. */
  better: 'higher' | 'lower'
  floor: number
  aim: number
}

const BUSY = 32

/** The figures that could be worked out from what was measured; CPU a request where nothing else is said. */
export function ratiosOf(results: Results): Ratio[] {
  const at = (id: string, connections = BUSY) =>
    results.measurements.find((one) => one.id === id && one.connections === connections)
  const cpu = (id: string, connections = BUSY) => at(id, connections)?.cpuByRound
  const loop = (id: string) => results.loops.find((one) => one.id === id)?.cpuByRound
  const ready = (id: string) => results.readySeconds[id]
  const over = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined ? undefined : one / other
  const unmonitored = byRound(cpu('forest-unmonitored'), cpu('forest'))
  const wanted: [string, string, number | undefined, Ratio['better'], number, number][] = [
    ['of-echo', 'of an echo in Fastify (a)', byRound(cpu('forest-echo'), cpu('forest')), 'higher', 0.85, 0.97],
    ['times-def', 'times FastAPI, def (c)', byRound(cpu('forest-def'), cpu('forest')), 'higher', 12, 20],
    ['times-async', 'times FastAPI, async def (d)', byRound(cpu('forest-async'), cpu('forest')), 'higher', 9, 14],
    [
      'p99-of-def',
      'p99 at 32 connections, share of (c)',
      over(at('forest')?.p99Ms, at('forest-def')?.p99Ms),
      'lower',
      0.1,
      0.03,
    ],
    [
      'p50-of-def',
      'p50 of a lone request, share of (c)',
      over(at('forest', 1)?.p50Ms, at('forest-def', 1)?.p50Ms),
      'lower',
      0.35,
      0.35,
    ],
    [
      'rows-binary',
      '128 rows, binary, of ONNX Runtime alone (b)',
      byRound(loop('loop-128'), cpu('rows-binary', 4)),
      'higher',
      0.7,
      0.9,
    ],
    [
      'rows-json',
      '128 rows, JSON, of ONNX Runtime alone (b)',
      byRound(loop('loop-128'), cpu('rows-json', 4)),
      'higher',
      0.5,
      0.75,
    ],
    [
      'monitoring',
      'share of metrics and drift',
      // Below 0: less than what the rounds differ by.
      unmonitored === undefined ? undefined : 1 - unmonitored,
      'lower',
      0.12,
      0.05,
    ],
    ['ready', 'start to readiness, share of (c)', over(ready('forest'), ready('forest-def')), 'lower', 0.6, 0.35],
    ['image', 'dependencies in the image, MB', results.imageDependenciesMb, 'lower', 85, 85],
    [
      'linear-of-echo',
      'logistic regression: of an echo in Fastify',
      byRound(cpu('linear-echo'), cpu('linear')),
      'higher',
      0.85,
      0.97,
    ],
    [
      'linear-times-def',
      'logistic regression: times FastAPI, def',
      byRound(cpu('linear-def'), cpu('linear')),
      'higher',
      12,
      20,
    ],
    [
      'linear-times-async',
      'logistic regression: times FastAPI, async def',
      byRound(cpu('linear-async'), cpu('linear')),
      'higher',
      9,
      14,
    ],
  ]
  return wanted.flatMap(([id, title, value, better, floor, aim]) =>
    value === undefined ? [] : [{ id, title, value, better, floor, aim }],
  )
}

/**
 * The median of the ratios of each round. A machine's pace changes within seconds, by more than what servers differ by: two
 * turns of one round are compared, never the medians of all.
 */
function byRound(
  ones: readonly (number | null)[] | undefined,
  others: readonly (number | null)[] | undefined,
): number | undefined {
  const ratios = (ones ?? []).flatMap((one, round) => {
    const other = others?.[round]
    return one === null || other === null || other === undefined ? [] : [one / other]
  })
  return ratios.length === 0 ? undefined : median(ratios)
}

/** How far a figure is: `aim`, `floor`, or `below`. */
export function reached({ value, better, floor, aim }: Ratio): 'aim' | 'floor' | 'below' {
  const holds = (bound: number) => (better === 'higher' ? value >= bound : value <= bound)
  return holds(aim) ? 'aim' : holds(floor) ? 'floor' : 'below'
}
