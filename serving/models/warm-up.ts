import { joinRows, unbatchableReason } from '../batcher/index.ts'
import type { GoldenSamples, ServedVersion } from '../contract/index.ts'
import { checkGoldenSamples, encodeSample, madeUpFeeds, type Tensors } from '../session/index.ts'
import { GoldenSamplesError } from './refusal.ts'
import { INLINE_BATCH_MS, INLINE_MS, type Runner } from './runner.ts'

/** The first call allocates; the best of so many says what the model takes. */
const TIMED_CALLS = 3

/** A first call that blocks the event loop for longer, milliseconds: whatever follows is measured in a thread. */
const MAX_FIRST_CALL_MS = 20

/**
 * Makes a first call always, so that no traffic meets a model whose time nobody knows, and moves the model to where it belongs by
 * the time that a lone request and a full batch of them take. Golden samples, where there are any, must predict what they promise
 * (a `GoldenSamplesError` otherwise); without them the request is made up, and a model that fails on it stays where it is.
 */
export async function warmUp(runner: Runner, served: ServedVersion, golden: GoldenSamples | undefined): Promise<void> {
  const feeds = firstRequest(served, golden)
  const first = await timedCall(runner, feeds).catch(() => undefined)
  if (first !== undefined && first > MAX_FIRST_CALL_MS && runner.place === 'event-loop') {
    await runner.move('thread', first)
  }
  if (golden !== undefined) await checkGolden(runner, served, golden)
  if (first === undefined) return
  const lone = await bestTime(runner, feeds)
  runner.noteMeasured(feeds, lone)
  const slow = lone > INLINE_MS || (await batchTime(runner, served, feeds, lone)) > INLINE_BATCH_MS
  const wanted = slow ? 'thread' : 'event-loop'
  if (wanted !== runner.place) await runner.move(wanted, lone)
}

function firstRequest({ interface: modelInterface }: ServedVersion, golden: GoldenSamples | undefined): Tensors {
  for (const sample of golden?.samples ?? []) {
    const encoded = encodeSample(modelInterface, sample)
    if (encoded.ok) return encoded.feeds
  }
  return madeUpFeeds(modelInterface)
}

async function checkGolden(runner: Runner, served: ServedVersion, golden: GoldenSamples): Promise<void> {
  const result = await checkGoldenSamples(runner.session, served.interface, golden)
  if (!result.passed) throw new GoldenSamplesError(result)
}

/** Milliseconds of a full batch of the request; of the request alone where requests do not share calls. */
async function batchTime(runner: Runner, served: ServedVersion, feeds: Tensors, lone: number): Promise<number> {
  const { maxSize } = served.batching
  if (maxSize === 1 || unbatchableReason(served.interface) !== undefined) return lone
  const batch = joinRows(new Array(maxSize).fill(feeds))
  // A graph that has no free first dimension after all fails here; the batcher finds that out and calls it row by row.
  const full = await bestTime(runner, batch).catch(() => undefined)
  if (full === undefined) return lone
  runner.noteMeasured(batch, full)
  return full
}

/** Milliseconds of the fastest call. */
async function bestTime(runner: Runner, feeds: Tensors): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let call = 0; call < TIMED_CALLS; call++) {
    best = Math.min(best, await timedCall(runner, feeds))
    // It runs in a thread whatever the next ones take.
    if (best > MAX_FIRST_CALL_MS) return best
  }
  return best
}

/** Milliseconds of one call; not those in which it waited for a CPU. */
async function timedCall(runner: Runner, feeds: Tensors): Promise<number> {
  const cpu = process.cpuUsage()
  await runner.session.run(feeds)
  const { user, system } = process.cpuUsage(cpu)
  return Math.min(runner.nativeMs, (user + system) / 1000)
}
