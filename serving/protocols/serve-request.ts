import type { FastifyRequest } from 'fastify'
import { QueueFullError } from '../batcher/index.ts'
import { type LoadedVersion, mirrorRequest, type Route } from '../models/index.ts'
import type { Tensors } from '../session/index.ts'
import { HttpProblem } from './http-problem.ts'

/** A request in the terms of one version. */
export interface PreparedRequest {
  feeds: Tensors
  /** All outputs when absent. */
  outputNames?: readonly string[]
}

/**
 * The core under every protocol: the chosen version answers, and a mirror sees the same request without anyone waiting.
 * `prepare` turns the request into tensors for a version and throws an `HttpProblem` where it cannot. `wrongInput` is the
 * protocol's status for a request that is well formed but makes the model fail.
 */
export async function serveRequest(
  request: FastifyRequest,
  { version, mirror }: Route,
  prepare: (version: LoadedVersion) => PreparedRequest,
  wrongInput: number,
): Promise<Tensors> {
  if (request.served !== null) request.served.metrics = version.metrics
  const { feeds, outputNames } = prepare(version)
  let outputs: Tensors
  try {
    outputs = await version.predict(feeds, outputNames)
  } catch (error) {
    if (error instanceof QueueFullError) {
      throw new HttpProblem(429, 'too many requests are waiting for this model', {}, { 'retry-after': '1' })
    }
    // The golden samples have shown that the model runs, so it is this input that it cannot take. ONNX Runtime's own message
    // names source files: it goes to the log only.
    request.log.warn({ model: version.model, version: version.served.name, err: error }, 'the model failed on an input')
    throw new HttpProblem(wrongInput, 'the model cannot run on this input')
  }
  if (mirror !== undefined) {
    const run = (other: LoadedVersion) => {
      const prepared = prepareOrNothing(prepare, other)
      return prepared && other.predict(prepared.feeds, prepared.outputNames)
    }
    mirrorRequest(mirror, outputs, run, request.log)
  }
  return outputs
}

/** The candidate's interface may differ from the one that the request was right for. */
function prepareOrNothing(
  prepare: (version: LoadedVersion) => PreparedRequest,
  version: LoadedVersion,
): PreparedRequest | undefined {
  try {
    return prepare(version)
  } catch {
    return undefined
  }
}
