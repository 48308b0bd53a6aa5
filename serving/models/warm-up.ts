import { repeatRows, rowsOf } from '../batcher/index.ts'
import type { GoldenSamples, ServedVersion } from '../contract/index.ts'
import { checkGoldenSamples, encodeSample, madeUpFeeds, type Tensors } from '../session/index.ts'
import { GoldenSamplesError } from './refusal.ts'
import { INLINE_BATCH_MS, INLINE_MS, type Runner } from './runner.ts'

/** The first call allocates; the best of so many says what the model takes. */
const TIMED_CALLS = 3

/** A first call that blocks the event loop for longer, milliseconds: whatever follows is measured in a thread. */
const MAX_FIRST_CALL_MS = 20

/** A call that the warm-up has timed. */
export interface TimedCall {
  rows: number
  milliseconds: number
}

/**
 * Makes a first call always, so that no traffic meets a model whose time nobody knows, and moves the model to where it belongs by
 * the time that a lone request takes. Golden samples, where there are any, must predict what they promise (a `GoldenSamplesError`
 * otherwise); without them the request is made up, and a model that fails on it stays where it is. `finish` is to be called once it
 * is known whether requests share calls: where they do, the time of a full batch decides too.
 */
export async function warmUp(
  runner: Runner,
  served: ServedVersion,
  golden: GoldenSamples | undefined,
): Promise<{ finish(joined: boolean): Promise<TimedCall[]> }> {
  const feeds = firstRequest(served, golden)
  const first = await timedCall(runner, feeds).catch(() => undefined)
  if (first !== undefined && first > MAX_FIRST_CALL_MS && runner.place === 'event-loop') {
    await runner.move('thread', first)
  }
  if (golden !== undefined) await checkGolden(runner, served, golden)
  if (first === undefined) return { finish: async () => [] }
  const lone = await bestTime(runner, feeds)
  runner.noteMeasured(feeds, lone)
  if (lone > INLINE_MS && runner.place === 'event-loop') await runner.move('thread', lone)
  return {
    async finish(joined) {
      const calls = [{ rows: rowsOf(feeds), milliseconds: lone }]
      let slow = lone > INLINE_MS
      if (joined) {
        const batch = repeatRows(feeds, served.batching.maxSize)
        const milliseconds = await bestTime(runner, batch).catch(() => undefined)
        if (milliseconds !== undefined) {
          runner.noteMeasured(batch, milliseconds)
          calls.push({ rows: rowsOf(batch), milliseconds })
          slow ||= milliseconds > INLINE_BATCH_MS
        }
      }
      const wanted = slow ? 'thread' : 'event-loop'
      if (wanted !== runner.place) await runner.move(wanted, lone)
      return calls
    },
  }
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
