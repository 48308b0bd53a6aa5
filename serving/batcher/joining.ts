import type { GoldenSamples } from '../contract/index.ts'
import type { ModelGraph, Session } from '../session/index.ts'
import { unbatchableReason } from './batchable.ts'
import { tryJoining } from './joining-trial.ts'
import { findMixedOutput } from './row-flow/follow-rows.ts'

/** Whether requests to a model may share calls, and one request may be cut into several. */
export type Joining = { joined: true } | { joined: false; obstacle: JoiningObstacle }

/**
 * Why they may not.
 * - `switched-off`: `batching.maxSize` is 1
 * - `interface`: the rows are not the first dimension of every input and output
 * - `operator`: an operator mixes rows, or is not known to keep them apart
 * - `output`: an output of the graph is not made of the rows of its inputs
 * - `trial`: requests that shared a call did not get the answers that each gets alone
 * - `untried`: no request was found that the model answers
 */
export type JoiningObstacle =
  | { kind: 'switched-off' }
  | { kind: 'interface'; reason: string }
  | { kind: 'operator'; operator: string; node: string; why: string; output: string }
  | { kind: 'output'; output: string; why: string }
  | { kind: 'trial'; requests: string[]; difference: string }
  | { kind: 'untried'; error: string }

export interface JoiningProof {
  model: ModelGraph
  session: Session
  /** Without them the trial's requests are made up from the interface. */
  golden: GoldenSamples | undefined
  maxSize: number
}

/**
 * Proves, or does not, that rows may be joined. Both halves must hold: no operator of the graph mixes rows (`findMixedOutput`), and a
 * trial through a real batcher gives each request its own answer (`tryJoining`). The first half has the veto, since an operator that
 * depends on outliers passes many trials; the second covers what an operator's implementation does otherwise than its specification.
 */
export async function proveJoining({ model, session, golden, maxSize }: JoiningProof): Promise<Joining> {
  const obstacle = findObstacle(model, session.interface, maxSize) ?? (await tryJoining(session, golden, maxSize))
  return obstacle === undefined ? { joined: true } : { joined: false, obstacle }
}

function findObstacle(
  model: ModelGraph,
  modelInterface: Session['interface'],
  maxSize: number,
): JoiningObstacle | undefined {
  if (maxSize === 1) return { kind: 'switched-off' }
  const reason = unbatchableReason(modelInterface)
  if (reason !== undefined) return { kind: 'interface', reason }
  const mixed = findMixedOutput(model, modelInterface)
  if (mixed === undefined) return undefined
  const { output, cause, message = '' } = mixed
  return cause === undefined ? { kind: 'output', output, why: message } : { kind: 'operator', output, ...cause }
}

/** A clause for logs and findings, without a full stop. */
export function describeObstacle(obstacle: JoiningObstacle): string {
  switch (obstacle.kind) {
    case 'switched-off':
      return 'batching.maxSize is 1'
    case 'interface':
      return obstacle.reason
    case 'operator':
      return `${obstacle.operator} (node ${obstacle.node}) ${obstacle.why}`
    case 'output':
      return `output ${obstacle.output} ${obstacle.why}`
    case 'trial':
      return `joined with others, ${obstacle.requests.join(', ')} got another answer than alone: ${obstacle.difference}`
    case 'untried':
      return `the model answered no request that was made up from its interface (${obstacle.error})`
  }
}
