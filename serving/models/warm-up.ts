import { joinRows, unbatchableReason } from '../batcher/index.ts'
import type { GoldenSamples, ServedVersion } from '../contract/index.ts'
import { checkGoldenSamples, type Session, type Tensors } from '../session/index.ts'
import { GoldenSamplesError } from './refusal.ts'
import { INLINE_BATCH_MS, INLINE_MS, type Runner } from './runner.ts'

/** The first call allocates; the best of so many says what the model takes. */
const TIMED_CALLS = 3

/**
 * Runs the golden samples, which must predict what they promise (a `GoldenSamplesError` otherwise), and moves the model to
 * where it belongs by the time that a lone request and a full batch of them take.
 */
export async function warmUp(runner: Runner, served: ServedVersion, golden: GoldenSamples): Promise<void> {
  const seen: Tensors[] = []
  const { session } = runner
  const watched: Session = {
    ...session,
    run(feeds, outputNames) {
      seen.push(feeds)
      return session.run(feeds, outputNames)
    },
  }
  const result = await checkGoldenSamples(watched, served.interface, golden)
  if (!result.passed) throw new GoldenSamplesError(result)
  const [first] = seen
  if (first === undefined) return
  const lone = await bestTime(runner, first)
  const { maxSize } = served.batching
  const batched = maxSize > 1 && unbatchableReason(served.interface) === undefined
  // A graph that has no free first dimension after all fails here; the batcher finds that out and calls it row by row.
  const full = batched ? await bestTime(runner, joinRows(new Array(maxSize).fill(first))).catch(() => lone) : lone
  const place = lone > INLINE_MS || full > INLINE_BATCH_MS ? 'thread' : 'event-loop'
  if (place !== runner.place) await runner.move(place, lone)
}

/** Milliseconds of the fastest call. */
async function bestTime(runner: Runner, feeds: Tensors): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let call = 0; call < TIMED_CALLS; call++) {
    const started = performance.now()
    await runner.session.run(feeds)
    best = Math.min(best, runner.blockedMs ?? performance.now() - started)
  }
  return best
}
