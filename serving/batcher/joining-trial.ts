import type { GoldenSamples } from '../contract/index.ts'
import { fromFloat16, isBroken, type Session, type Tensor, type Tensors, WorkerStoppedError } from '../session/index.ts'
import { Batcher } from './batcher.ts'
import { joinRows, repeatRows, rowsOf, sliceRows } from './join-rows.ts'
import type { JoiningObstacle } from './joining.ts'
import { goldenRequests, madeUpRequests, type TrialRequest, withExtremeValues } from './trial-requests.ts'

/** Rows that a call of the trial may have: enough for another kernel than that of one row. */
const MAX_TRIAL_ROWS = 32

/** A model whose call takes longer, milliseconds, is tried with fewer requests: each is run five times. */
const SLOW_CALL_MS = 20
const MAX_REQUESTS = 6
const FEW_REQUESTS = 2
const FEW_ROWS = 2

const TIMED_CALLS = 3

/** Two calls add up in different orders: a share of the largest value of a tensor may differ, by datatype. */
const ROUNDING: Partial<Record<Tensor['datatype'], number>> = { float32: 1e-4, float64: 1e-4, float16: 1e-2 }

/** A request of the trial and what it gets alone. */
interface Tried extends TrialRequest {
  alone: Tensors
}

/**
 * Sends requests through a real batcher: together, in both orders, with extreme values among them, and as one request with more rows
 * than a call may have. Undefined when each gets what it gets alone, within the tolerance of the golden samples or the rounding of the
 * datatype, whichever is larger.
 */
export async function tryJoining(
  session: Session,
  golden: GoldenSamples | undefined,
  maxSize: number,
): Promise<JoiningObstacle | undefined> {
  const found = await runAlone(session, golden)
  if ('error' in found) return { kind: 'untried', error: found.error }
  const { judged, extremes, slow } = found
  const rowsPerCall = Math.min(maxSize, slow ? FEW_ROWS : MAX_TRIAL_ROWS)
  const tolerance = golden?.tolerance ?? { relative: 0, absolute: 0 }
  const trial = new Trial(session, Math.max(2, rowsPerCall), tolerance)
  const together = [...judged, ...extremes]
  try {
    return (
      (await trial.together(together)) ??
      (await trial.together([...together].reverse())) ??
      (await trial.cut(judged[0] as Tried, judged))
    )
  } catch (error) {
    if (isEnd(error)) throw error
    return { kind: 'trial', requests: ['the requests'], difference: reasonOf(error) }
  }
}

/** Milliseconds of calls, the fastest of a few each. */
export interface CallTimes {
  rows: number
  alone: number
  /** Of one call with all rows; undefined when the model refuses it. */
  joined: number | undefined
}

/** What it takes that requests of one row do not share a call; undefined when no request was found that the model answers. */
export async function timeCalls(
  session: Session,
  golden: GoldenSamples | undefined,
  rows: number,
): Promise<CallTimes | undefined> {
  const requests = [...goldenRequests(session.interface, golden), ...madeUpRequests(session.interface)]
  for (const { feeds } of requests) {
    if (rowsOf(feeds) !== 1) continue
    const alone = await fastest(session, feeds)
    if (alone === undefined) continue
    return { rows, alone, joined: await fastest(session, repeatRows(feeds, rows)) }
  }
  return undefined
}

async function fastest(session: Session, feeds: Tensors): Promise<number | undefined> {
  let best: number | undefined
  for (let call = 0; call < TIMED_CALLS; call++) {
    const started = performance.now()
    try {
      await session.run(feeds)
    } catch (error) {
      if (isEnd(error)) throw error
      return undefined
    }
    best = Math.min(best ?? Number.POSITIVE_INFINITY, performance.now() - started)
  }
  return best
}

interface RanAlone {
  judged: Tried[]
  /** Their own answers lose digits: they are only there to disturb the others. */
  extremes: Tried[]
  slow: boolean
}

async function runAlone(session: Session, golden: GoldenSamples | undefined): Promise<RanAlone | { error: string }> {
  const modelInterface = session.interface
  let error = 'it takes no input'
  let slow = false
  const run = async (requests: Iterable<TrialRequest>) => {
    const ran: Tried[] = []
    for (const request of requests) {
      if (ran.length >= (slow ? FEW_REQUESTS : MAX_REQUESTS)) break
      const started = performance.now()
      try {
        ran.push({ ...request, alone: await session.run(request.feeds) })
      } catch (reason) {
        if (isEnd(reason)) throw reason
        error = reasonOf(reason)
      }
      slow ||= performance.now() - started > SLOW_CALL_MS
    }
    return ran
  }
  const judged = await run(goldenRequests(modelInterface, golden))
  // A single sample has nothing to be mixed up with.
  if (judged.length < 2) judged.push(...(await run(madeUpRequests(modelInterface, judged[0]))))
  const [first] = judged
  if (first === undefined) return { error }
  const extremes = await run(withExtremeValues(modelInterface, first.feeds))
  return { judged, extremes, slow }
}

class Trial {
  private readonly session: Session
  private readonly maxSize: number
  private readonly tolerance: GoldenSamples['tolerance']

  constructor(session: Session, maxSize: number, tolerance: GoldenSamples['tolerance']) {
    this.session = session
    this.maxSize = maxSize
    this.tolerance = tolerance
  }

  /** All at once, as if they had been read in one turn of the event loop. */
  async together(requests: readonly Tried[]): Promise<JoiningObstacle | undefined> {
    const { batcher, refusals } = this.batcher()
    const answers = await Promise.all(requests.map(({ feeds }) => batcher.submit(feeds)))
    const differences = requests.flatMap(({ id, alone, extreme }, index) => {
      const difference = extreme ? undefined : this.difference(alone, answers[index] as Tensors)
      return difference === undefined ? [] : [{ id, difference }]
    })
    return obstacleOf(differences, refusals)
  }

  /** One request of more rows than a call may have, made of the rows of all that have the same sizes. */
  async cut(first: Tried, requests: readonly Tried[]): Promise<JoiningObstacle | undefined> {
    const alike = requests.filter(({ feeds }) => haveSameSizes(first.feeds, feeds))
    const parts: Tried[] = []
    for (let rows = 0; rows <= this.maxSize; ) {
      const part = alike[parts.length % alike.length] as Tried
      parts.push(part)
      rows += Math.max(1, rowsOf(part.feeds))
    }
    const feeds = joinRows(parts.map((part) => part.feeds))
    const { batcher, refusals } = this.batcher()
    const cut = await batcher.submit(feeds)
    const whole = await this.session.run(feeds)
    let offset = 0
    const differences = parts.flatMap(({ id, alone, feeds: own }) => {
      const [start, end] = [offset, offset + rowsOf(own)]
      offset = end
      const difference =
        this.difference(alone, sliceRows(cut, start, end)) ?? this.difference(alone, sliceRows(whole, start, end))
      return difference === undefined ? [] : [{ id, difference }]
    })
    return obstacleOf(differences, refusals)
  }

  /** A batcher, and what it met that a joined call must not do. */
  private batcher(): { batcher: Batcher; refusals: string[] } {
    const refusals: string[] = []
    const call = async (feeds: Tensors, outputNames?: readonly string[]) => {
      try {
        return await this.session.run(feeds, outputNames)
      } catch (error) {
        refusals.push(reasonOf(error))
        throw error
      }
    }
    const options = { joined: true, maxSize: this.maxSize, maxDelayMs: 0, maxQueue: Number.POSITIVE_INFINITY }
    const batcher = new Batcher(call, this.session.interface, options, {
      queued: () => {},
      called: () => {},
      rejected: () => {},
      batchingDisabled: (reason) => refusals.push(reason),
    })
    return { batcher, refusals }
  }

  /** The first value that differs, as a clause; undefined when none does. */
  private difference(alone: Tensors, together: Tensors): string | undefined {
    for (const [name, expected] of Object.entries(alone)) {
      const got = together[name]
      if (got?.data.length !== expected.data.length) {
        return `${name} has ${got?.data.length ?? 0} values, alone ${expected.data.length}`
      }
      const allowed = this.allowedError(expected)
      for (let index = 0; index < expected.data.length; index++) {
        const [ours, theirs] = [valueAt(expected, index), valueAt(got, index)]
        if (Object.is(ours, theirs) || ours === theirs) continue
        if (typeof ours === 'number' && typeof theirs === 'number' && Math.abs(ours - theirs) <= allowed(ours)) continue
        return `${name}[${index}] is ${theirs}, alone ${ours}`
      }
    }
    return undefined
  }

  private allowedError(tensor: Tensor): (value: number) => number {
    const { relative, absolute } = this.tolerance
    const share = ROUNDING[tensor.datatype]
    if (share === undefined) return (value) => absolute + relative * Math.abs(value)
    let largest = 1e-6
    for (let index = 0; index < tensor.data.length; index++) {
      const size = Math.abs(Number(valueAt(tensor, index)))
      if (size > largest && Number.isFinite(size)) largest = size
    }
    return (value) => Math.max(share * largest, absolute + relative * Math.abs(value))
  }
}

function obstacleOf(
  differences: readonly { id: string; difference: string }[],
  refusals: readonly string[],
): JoiningObstacle | undefined {
  const [first] = differences
  if (first !== undefined) {
    return { kind: 'trial', requests: [...new Set(differences.map(({ id }) => id))], difference: first.difference }
  }
  const [refusal] = refusals
  return refusal === undefined ? undefined : { kind: 'trial', requests: ['the requests'], difference: refusal }
}

function haveSameSizes(one: Tensors, other: Tensors): boolean {
  return Object.entries(one).every(([name, { shape }]) => shape.slice(1).join() === other[name]?.shape.slice(1).join())
}

function valueAt({ datatype, data }: Tensor, index: number): number | bigint | string | undefined {
  const value = data[index]
  return datatype === 'float16' ? fromFloat16(value as number) : value
}

/** The model, or what runs it, is no more: nothing that follows would say anything of the rows. */
function isEnd(error: unknown): boolean {
  return isBroken(error) || error instanceof WorkerStoppedError
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
