/** How ONNX Runtime says which operator failed; the rest of its text may quote the input. */
const OPERATOR = /while running (\w{1,100}) node\./

/**
 * The model failed on an input. The message names the operator at most, so that it may be logged: what ONNX Runtime says may quote
 * values of the input, some of which nobody may log. `reason` is the whole text, for those who know the input.
 */
export class ModelRunError extends Error {
  readonly code = 'model-run-failed'
  readonly #reason: string

  constructor(reason: string) {
    const operator = OPERATOR.exec(reason)?.[1]
    super(operator === undefined ? 'the model failed' : `the model failed in its operator ${operator}`)
    this.name = 'ModelRunError'
    this.#reason = reason
  }

  /** Not a field: loggers write the fields of an error. */
  get reason(): string {
    return this.#reason
  }
}

/** The whole text of an error, what ONNX Runtime said included. */
export function reasonOf(error: unknown): string {
  if (error instanceof ModelRunError) return error.reason
  return error instanceof Error ? error.message : String(error)
}
