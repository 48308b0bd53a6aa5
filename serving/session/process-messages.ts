import type { ModelInterface } from '../contract/index.ts'
import type { GraphFacts } from './graph-facts.ts'
import type { ModelErrorCode, Problem } from './model-error.ts'
import type { SessionOptions } from './runtime.ts'
import type { Tensors } from './tensor.ts'

/** One question at a time; each is answered once. */
export type ToProcess =
  | { kind: 'open'; modelPath: string; modelInterface: ModelInterface; options: SessionOptions; answerBytes: number }
  | { kind: 'run'; feeds: Tensors; outputNames: readonly string[] | undefined }
  | { kind: 'release' }

export type FromProcess =
  | { kind: 'started' }
  | { kind: 'opened'; facts: GraphFacts }
  | { kind: 'refused'; code: ModelErrorCode; problems: Problem[] }
  | { kind: 'outputs'; outputs: Tensors }
  | { kind: 'failed'; reason: string }
  /** The memory limit refused an allocation, and the runtime lived to say so. */
  | { kind: 'exhausted' }
  | { kind: 'released' }
