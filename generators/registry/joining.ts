import {
  type CallTimes,
  describeObstacle,
  type Joining,
  type JoiningObstacle,
  proveJoining,
  timeCalls,
} from 'modelyard-serving/batcher'
import type { GoldenSamples } from 'modelyard-serving/contract'
import { readModelGraph, type Session } from 'modelyard-serving/session'
import type { DefinedModel } from '../definitions/index.ts'
import type { Finding } from '../findings/index.ts'
import { type Loaded, resolveSettings } from '../repository/index.ts'

const KEEP_OR_EXPORT =
  'Export a graph whose rows are independent, or keep it: answers are right, only slower under load.'

/**
 * Proves, as the server does at each load, that requests to the model may share calls. Where they may not, a finding says which operator
 * or samples forbid it and what that costs; an interface without a batch dimension is no surprise, unless model.ts configures batching.
 */
export async function checkJoining(
  definition: Loaded<DefinedModel>,
  onnx: string,
  session: Session,
  golden: GoldenSamples | undefined,
): Promise<{ joining: Joining; findings: Finding[] }> {
  const { maxSize } = resolveSettings(definition.value).batching
  const joining = await proveJoining({ model: await readModelGraph(onnx), session, golden, maxSize })
  if (joining.joined || !isUnexpected(joining.obstacle, definition.value)) return { joining, findings: [] }
  const times = await timeCalls(session, golden, maxSize)
  return { joining, findings: [notJoined(definition, onnx, joining.obstacle, times)] }
}

function isUnexpected({ kind }: JoiningObstacle, { serving }: DefinedModel): boolean {
  switch (kind) {
    case 'switched-off':
      return false
    case 'interface':
      return serving?.batching !== undefined
    case 'operator':
    case 'output':
    case 'trial':
    case 'untried':
      return true
  }
}

function notJoined(
  definition: Loaded<DefinedModel>,
  onnx: string,
  obstacle: JoiningObstacle,
  times: CallTimes | undefined,
): Finding {
  const configured = definition.value.serving?.batching !== undefined
  const line = configured ? definition.lineOf(['serving', 'batching']) : undefined
  const clauses = [
    `requests do not share calls: ${describeObstacle(obstacle)}`,
    ...(times === undefined ? [] : [costOf(times)]),
    ...(configured ? ['serving.batching of model.ts has no effect'] : []),
  ]
  return {
    rule: 'requests-not-joined',
    severity: 'warning',
    message: clauses.join('; '),
    file: configured ? definition.file : onnx,
    ...(line !== undefined && { line }),
    fix: fixFor(obstacle),
  }
}

function costOf({ rows, alone, joined }: CallTimes): string {
  const each = `${rows} waiting requests take ${rows} calls of ${milliseconds(alone)}`
  return joined === undefined ? each : `${each} instead of one of ${milliseconds(joined)} (measured here)`
}

function milliseconds(time: number): string {
  return `${Number(time.toPrecision(2))} ms`
}

function fixFor(obstacle: JoiningObstacle): string {
  switch (obstacle.kind) {
    case 'operator':
      return obstacle.operator === 'ai.onnx.DynamicQuantizeLinear'
        ? 'Quantize with quantize_static, whose scales are constants, or keep it: answers are right, only slower under load.'
        : KEEP_OR_EXPORT
    case 'untried':
      return 'Give --samples, so that the server has requests to try.'
    case 'interface':
      return 'Remove serving.batching, or export the model with a free first dimension in every input and output.'
    case 'switched-off':
    case 'output':
    case 'trial':
      return KEEP_OR_EXPORT
  }
}
