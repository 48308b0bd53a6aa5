import type { LoadedVersion } from '../../models/index.ts'
import type { Timing } from '../../monitoring/index.ts'

/**
 * `$stats_model_response` of Triton's statistics extension, durations in nanoseconds. What this server does not measure apart
 * (copying tensors in and out) is counted with the request and has no time of its own here.
 */
export function statisticsOf(versions: readonly LoadedVersion[]): object {
  return {
    model_stats: versions.map(({ model, served, metrics: { statistics } }) => {
      const { success, failure, queue, calls, rows, lastAnswered, byRows } = statistics
      return {
        name: model,
        version: served.name,
        last_inference: lastAnswered,
        inference_count: rows,
        execution_count: calls.count,
        inference_stats: {
          success: duration(success),
          fail: duration(failure),
          queue: duration(queue),
          compute_input: NOT_MEASURED,
          compute_infer: duration(calls),
          compute_output: NOT_MEASURED,
        },
        batch_stats: [...byRows]
          .sort(([one], [other]) => one - other)
          .map(([size, timing]) => ({
            batch_size: size,
            compute_input: NOT_MEASURED,
            compute_infer: duration(timing),
            compute_output: NOT_MEASURED,
          })),
      }
    }),
  }
}

const NOT_MEASURED = { count: 0, ns: 0 }

function duration({ count, seconds }: Timing): { count: number; ns: number } {
  return { count, ns: Math.round(seconds * 1e9) }
}
