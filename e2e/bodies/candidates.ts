import { createHash } from 'node:crypto'
import type { GateOverride } from '../../generators/gates/index.ts'
import { generator } from '../../generators/gates/random.ts'
import {
  drawRows,
  graphOf,
  linear,
  NIGHTS,
  normal,
  probability,
  type Random,
  type Row,
  type Weights,
  ZONES,
} from './model.ts'

/** Models that a world has: prices in EUR, or whether a ride is a fraud. */
export type Task = 'price' | 'fraud'

/** A version as its team trained it; what the files say of it is derived in `repository.ts`. */
export interface Version {
  version: string
  graph: Uint8Array
  /** Outputs in the graph's order. The answer that matters is `price` or `probabilities`. */
  outputs: { name: string; weights: Weights }[]
  unit?: string
  labels?: [string, string]
  /** Shown categories of `zone`. */
  zones: string[]
  extraColumn: boolean
  metrics: Record<string, number>
  lineage: Record<string, unknown>
}

export interface Resources {
  cpu: string
  memory: string
  cpuLimit: string
  gpu?: number
}

/** A gate of model.ts as source text, and as the checker understands it. */
export type GateSpec =
  | { kind: 'threshold'; metric: string; atLeast: number }
  | {
      kind: 'champion'
      metric: string
      better: 'lower' | 'higher'
      tolerance: number
      confidence?: number
      advisory?: true
    }
  | { kind: 'latency'; tolerance: number; advisory: true }

export type Action =
  | { kind: 'promote'; mode: { kind: 'stable' } | { kind: 'canary' | 'shadow'; weight: number } }
  | { kind: 'image' }
  | { kind: 'rollback'; reason?: string }
  | { kind: 'candidate'; weight?: number; reason?: string }
  | { kind: 'retire'; reason?: string }

/** Everything that is true of one candidate: what the repository is written from, and what its body is checked against. */
export interface World {
  kind: string
  seed: number
  task: Task
  model: string
  owner: string
  rows: Row[]
  /** Whether the rows are in the repository. */
  hasRows: boolean
  /** Runs in production; absent for a first promotion. */
  champion?: Version
  candidate: Version
  /** Runs beside the champion already. */
  canary?: { mode: 'canary' | 'shadow'; weight: number }
  /** What production ran before the champion. */
  former?: Version
  sealed: { champion: Resources; candidate: Resources }
  /** Of environments/production/environment.ts. */
  override?: Resources
  hasGpus: boolean
  image: { champion: string; candidate: string }
  gates: GateSpec[]
  approvals: number
  /** Whether CODEOWNERS names somebody; `validate` warns otherwise, of what is none of the pull request's doing. */
  hasOwners: boolean
  overrides: GateOverride[]
  measuresMemory: boolean
  action: Action
}

const TRUE_PRICE: Weights = { base: 4, distance: 1.8, night: 2.5, south: 3, airport: 9 }
const TRUE_FRAUD: Weights = { base: -2, distance: 0.05, night: 1.2, south: 0.4, airport: 1.5 }
const RESOURCES: Resources = { cpu: '250m', memory: '256Mi', cpuLimit: '1' }
const image = (digit: string) => `registry.example.com/models/serving@sha256:${digit.repeat(64)}`

/** What one kind of candidate has of its own. */
interface Setup extends Partial<World> {
  from?: Partial<Training>
  to?: Partial<Training>
  /** Nothing runs in production. */
  isFirst?: true
  /** Production ran another version before the champion. */
  hasFormer?: true
}

const price = (seed: number, kind: string, setup: Setup) => world(seed, kind, 'price', setup)
const fraud = (seed: number, kind: string, setup: Setup) => world(seed, kind, 'fraud', setup)

/** One candidate of every kind that has made a pull request say what was not so. */
export const KINDS: Record<string, (seed: number) => World> = {
  good: (seed) => price(seed, 'good', { to: { off: { distance: 0.01 } } }),
  'worse-in-one-slice': (seed) => price(seed, 'worse-in-one-slice', { to: { off: { airport: -4 } } }),
  'shifted-group': (seed) =>
    price(seed, 'shifted-group', { from: { off: { airport: 2.5 } }, to: { off: { airport: -2.5 } }, gates: [] }),
  slower: (seed) =>
    price(seed, 'slower', {
      to: { off: { distance: 0.02 }, ballast: 384 },
      gates: [mae(0.02), { kind: 'latency', tolerance: 0.25, advisory: true }],
    }),
  breaking: (seed) =>
    price(seed, 'breaking', {
      to: { off: { distance: 0.02 }, extraColumn: true },
      hasRows: false,
      overrides: [{ gate: 'interface', reason: 'the app sends seats since #481' }],
      gates: [{ kind: 'threshold', metric: 'r2', atLeast: 0.5 }],
    }),
  'fewer-categories': (seed) =>
    price(seed, 'fewer-categories', {
      to: { off: { distance: 0.02 }, zones: ['north', 'south'] },
      overrides: [{ gate: 'interface', reason: 'no rides from the airport any more' }],
    }),
  'unit-changed': (seed) =>
    price(seed, 'unit-changed', {
      to: { off: { distance: 0.02 }, unit: 'cent', scale: 100 },
      overrides: ['interface', 'mae-vs-champion', 'measured-again'].map((gate) => ({
        gate,
        reason: 'agreed with billing',
      })),
    }),
  'outputs-swapped': (seed) =>
    price(seed, 'outputs-swapped', {
      from: { minutes: 'last' },
      to: { off: { distance: 0.02 }, minutes: 'first' },
    }),
  'labels-swapped': (seed) =>
    fraud(seed, 'labels-swapped', {
      to: { off: { night: 0.2 }, flipped: true },
      overrides: [{ gate: 'interface', reason: 'callers go by name' }],
    }),
  'labels-flip': (seed) => fraud(seed, 'labels-flip', { to: { off: { airport: -2.2 } }, gates: [] }),
  rollback: (seed) =>
    price(seed, 'rollback', { hasFormer: true, action: { kind: 'rollback', reason: 'prices at night look wrong' } }),
  'rollback-of-a-canary': (seed) =>
    price(seed, 'rollback-of-a-canary', { canary: { mode: 'canary', weight: 10 }, action: { kind: 'rollback' } }),
  'image-only': (seed) =>
    price(seed, 'image-only', {
      to: { same: true },
      image: { champion: image('a'), candidate: image('c') },
      action: { kind: 'image' },
    }),
  'memory-only': (seed) =>
    price(seed, 'memory-only', {
      to: { same: true },
      sealed: { champion: RESOURCES, candidate: { ...RESOURCES, memory: '384Mi' } },
      measuresMemory: true,
    }),
  'first-canary': (seed) =>
    price(seed, 'first-canary', {
      to: { off: { night: 0.5 } },
      measuresMemory: true,
      action: { kind: 'promote', mode: { kind: 'canary', weight: 10 } },
    }),
  'gpu-by-override': (seed) =>
    price(seed, 'gpu-by-override', {
      to: { off: { night: 0.3 } },
      hasGpus: true,
      sealed: { champion: RESOURCES, candidate: { ...RESOURCES, memory: '512Mi' } },
      override: { cpu: '500m', memory: '300Mi', cpuLimit: '1', gpu: 1 },
    }),
  'gpu-sealed': (seed) =>
    price(seed, 'gpu-sealed', {
      to: { off: { night: 0.3 } },
      hasGpus: true,
      sealed: { champion: RESOURCES, candidate: { ...RESOURCES, gpu: 1 } },
    }),
  'same-file': (seed) => price(seed, 'same-file', { to: { sameGraph: true } }),
  straddling: (seed) =>
    price(seed, 'straddling', {
      to: { jitter: true },
      gates: [
        mae(0.15),
        { kind: 'champion', metric: 'mae', better: 'lower', tolerance: 0.02, confidence: 0.95, advisory: true },
      ],
    }),
  'no-rows': (seed) =>
    price(seed, 'no-rows', { hasOwners: false, to: { off: { night: 1 } }, hasRows: false, gates: [mae(0.02)] }),
  first: (seed) => price(seed, 'first', { isFirst: true, to: { off: { night: 0.2 } } }),
  'wider-canary': (seed) =>
    price(seed, 'wider-canary', { canary: { mode: 'canary', weight: 10 }, action: { kind: 'candidate', weight: 40 } }),
  'aborted-canary': (seed) =>
    price(seed, 'aborted-canary', {
      canary: { mode: 'canary', weight: 10 },
      action: { kind: 'candidate', reason: 'wrong at night' },
    }),
  'aborted-shadow': (seed) =>
    price(seed, 'aborted-shadow', { canary: { mode: 'shadow', weight: 20 }, action: { kind: 'candidate' } }),
  'first-shadow': (seed) =>
    price(seed, 'first-shadow', {
      to: { off: { night: 0.5 } },
      action: { kind: 'promote', mode: { kind: 'shadow', weight: 20 } },
    }),
  retirement: (seed) =>
    price(seed, 'retirement', { action: { kind: 'retire', reason: 'replaced by the tariff service' } }),
}

function mae(tolerance: number): GateSpec {
  return { kind: 'champion', metric: 'mae', better: 'lower', tolerance }
}

interface Training {
  off: Partial<Weights>
  scale: number
  unit: string
  zones: string[]
  extraColumn: boolean
  ballast: number
  flipped: boolean
  minutes: 'first' | 'last'
  /** The champion itself under the same number: other settings alone. */
  same: boolean
  /** The champion's file as a version of its own. */
  sameGraph: boolean
  /** As good as the champion, by other errors. */
  jitter: boolean
}

function world(
  seed: number,
  kind: string,
  task: Task,
  { to = {}, from = {}, isFirst, hasFormer, ...own }: Setup,
): World {
  const random = generator(seed * 7919 + Object.keys(KINDS).indexOf(kind))
  const features = drawRows(random, 220 + Math.floor(random() * 120))
  const truths = task === 'price' ? TRUE_PRICE : TRUE_FRAUD
  const rows = features.map((row): Row => {
    if (task === 'fraud') return { ...row, truth: random() < probability(truths, row) ? 'fraud' : 'genuine' }
    return { ...row, truth: Number((linear(truths, row) + normal(random)).toFixed(2)) }
  })
  const train = (version: string, training: Partial<Training>) =>
    versionOf(version, task, truths, rows, random, training)
  const champion = train('1.0.0', { off: { distance: task === 'price' ? 0.06 : 0.02, night: 0.4 }, ...from })
  const same = to.same || to.sameGraph
  const trained = train(to.same ? '1.0.0' : '1.1.0', to.jitter ? { off: { distance: -0.06, night: -0.4 } } : to)
  const candidate: Version = same
    ? { ...champion, version: trained.version, lineage: to.same ? champion.lineage : trained.lineage }
    : trained
  return {
    kind,
    seed,
    task,
    model: task === 'price' ? 'ride-price' : 'ride-fraud',
    owner: 'rides',
    rows,
    hasRows: true,
    ...(!isFirst && { champion }),
    candidate,
    ...(hasFormer && { former: train('0.9.0', { off: { night: 0.9 } }) }),
    sealed: { champion: RESOURCES, candidate: RESOURCES },
    hasGpus: false,
    image: { champion: image('a'), candidate: image('a') },
    gates: task === 'price' ? [mae(0.02)] : [{ kind: 'threshold', metric: 'accuracy', atLeast: 0.5 }],
    approvals: 2,
    hasOwners: true,
    overrides: [],
    measuresMemory: false,
    action: { kind: 'promote', mode: { kind: 'stable' } },
    ...own,
  }
}

function versionOf(
  version: string,
  task: Task,
  truths: Weights,
  rows: Row[],
  random: Random,
  {
    off = {},
    scale = 1,
    unit = 'EUR',
    zones = Object.keys(ZONES),
    extraColumn = false,
    ballast,
    flipped = false,
    minutes,
  }: Partial<Training>,
): Version {
  const weights = Object.fromEntries(
    Object.entries(truths).map(([name, value]) => {
      // A little of every version is its own, so that no two are equal by accident.
      const shift = (off[name as keyof Weights] ?? 0) + (random() - 0.5) * 0.004
      return [name, Math.fround((value + shift) * scale)]
    }),
  ) as unknown as Weights
  const answer = { name: task === 'price' ? 'price' : 'probabilities', weights }
  const duration = { name: 'minutes', weights: { base: 3, distance: 2.25, night: -1, south: 1, airport: 5 } }
  const outputs = minutes === 'first' ? [duration, answer] : minutes === 'last' ? [answer, duration] : [answer]
  const labels: [string, string] = flipped ? ['fraud', 'genuine'] : ['genuine', 'fraud']
  return {
    version,
    graph: graphOf({
      outputs,
      extraColumn,
      ...(ballast !== undefined && { ballast }),
      ...(task === 'fraud' && { isClass: { flipped } }),
    }),
    outputs,
    ...(task === 'price' ? { unit } : { labels }),
    zones,
    extraColumn,
    metrics: metricsOf(
      task,
      weights,
      scale,
      rows.filter(({ zone }) => zones.includes(zone)),
    ),
    lineage: {
      run: `run-${version}-${Math.floor(random() * 1e6)}`,
      dataset: { name: 'rides', sha256: createHash('sha256').update(version).digest('hex') },
      trainedBy: 'bodies tier',
    },
  }
}

/** As the training of the team measures them: in the version's own unit. */
function metricsOf(task: Task, weights: Weights, scale: number, rows: readonly Row[]): Record<string, number> {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const rounded = (value: number) => Number(value.toFixed(6))
  if (task === 'fraud') {
    const right = rows.map((row) => Number((probability(weights, row) > 0.5 ? 'fraud' : 'genuine') === row.truth))
    return { accuracy: rounded(mean(right)) }
  }
  const errors = rows.map((row) => linear(weights, row) - Number(row.truth) * scale)
  const level = mean(rows.map((row) => Number(row.truth) * scale))
  const total = mean(rows.map((row) => (Number(row.truth) * scale - level) ** 2))
  return {
    mae: rounded(mean(errors.map(Math.abs))),
    r2: rounded(1 - mean(errors.map((error) => error ** 2)) / total),
  }
}

/** The evaluation file, as the training wrote it. */
export function csvOf(rows: readonly Row[]): string {
  const lines = rows.map(({ distance, night, zone, truth }) => `${distance},${NIGHTS[night]},${ZONES[zone]},${truth}`)
  return `${['distance,night,zone,truth', ...lines].join('\n')}\n`
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
