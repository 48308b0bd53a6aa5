import { decodeElement, type Tensor, type Tensors } from '../session/index.ts'
import type { LoadedVersion } from './loaded-version.ts'
import type { Log } from './log.ts'
import { RemoteError } from './remote/index.ts'

/** Numbers that differ by less, relative to the stable version's, agree: versions are retrained, not copied. */
const RELATIVE_TOLERANCE = 0.01
const ABSOLUTE_TOLERANCE = 1e-6

/** Requests that may be mirrored to one version at a time; beyond that the mirror skips, so that it never slows answers. */
const MOST_IN_FLIGHT = 64

const inFlight = new WeakMap<LoadedVersion, number>()

/**
 * Runs the same request on another version after the answer's turn and counts whether both agree. Nobody waits for it, its
 * failures reach no caller. `run` encodes for and calls the given version; undefined when that version takes no such request.
 */
export function mirrorRequest(
  version: LoadedVersion,
  answered: Tensors,
  run: (version: LoadedVersion) => Promise<Tensors> | undefined,
  request: { readonly ownLog: Log },
): void {
  const running = inFlight.get(version) ?? 0
  if (running >= MOST_IN_FLIGHT) {
    version.metrics.shadowSkipped('busy')
    return
  }
  inFlight.set(version, running + 1)
  // Called now, so that the version cannot be retired before; the call itself waits for its turn of the event loop anyway.
  const mirrored = run(version) ?? Promise.resolve(undefined)
  mirrored
    .then(
      (outputs) => version.metrics.shadowCompared(outputs !== undefined && agree(answered, outputs)),
      (error: unknown) => {
        // No answer is no disagreement.
        if (error instanceof RemoteError) version.metrics.shadowSkipped(error.reason)
        else version.metrics.shadowCompared(false)
        request.ownLog.warn(
          { model: version.model, version: version.served.name, err: error },
          'a mirrored request failed',
        )
      },
    )
    .finally(() => inFlight.set(version, (inFlight.get(version) ?? 1) - 1))
}

/** True when every output of the one is in the other with equal shape, labels and strings, and numbers within 1 %. */
export function agree(stable: Tensors, candidate: Tensors): boolean {
  return Object.entries(stable).every(([name, tensor]) => {
    const other = candidate[name]
    return other !== undefined && agreeTensors(tensor, other)
  })
}

function agreeTensors(stable: Tensor, candidate: Tensor): boolean {
  if (stable.data.length !== candidate.data.length) return false
  const exact = !stable.datatype.startsWith('float')
  for (let index = 0; index < stable.data.length; index++) {
    const one = decodeElement(stable.datatype, stable.data, index)
    const other = decodeElement(candidate.datatype, candidate.data, index)
    if (one === other) continue
    if (exact || typeof one !== 'number' || typeof other !== 'number') return false
    if (Math.abs(one - other) > ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * Math.abs(one)) return false
  }
  return true
}
