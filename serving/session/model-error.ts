/** One thing wrong, and where: a JSON path such as `inputs[0].shape[1]` or `[3].bmi`. */
export interface Problem {
  path: string
  message: string
  /** What to do about it, when that is known. */
  repair?: string
}

/**
 * - `model-unreadable`: not an ONNX file, cut short, or damaged
 * - `model-unsupported`: a sound ONNX file that onnxruntime-node cannot serve
 * - `model-interface-differs`: the graph is not what the frozen interface says
 * - `model-locale-missing`: an operator needs a locale that this machine does not have
 * - `model-refused`: ONNX Runtime itself refused to load the file
 * - `model-memory-exceeded`, `model-timed-out`, `model-crashed`: it broke the process that tried it, or the limits of that process
 */
export type ModelErrorCode =
  | 'model-unreadable'
  | 'model-unsupported'
  | 'model-interface-differs'
  | 'model-locale-missing'
  | 'model-refused'
  | 'model-memory-exceeded'
  | 'model-timed-out'
  | 'model-crashed'

/** A model file that cannot be served. `problems` holds every reason. */
export class ModelError extends Error {
  readonly code: ModelErrorCode
  readonly modelPath: string
  readonly problems: Problem[]

  constructor(code: ModelErrorCode, modelPath: string, problems: Problem[]) {
    const reasons = problems.map(({ path, message, repair }) => {
      const place = path === '' ? '' : `${path}: `
      return `${place}${message}${repair === undefined ? '' : ` (${repair})`}`
    })
    super(`${modelPath}: ${reasons.join('; ')}`)
    this.name = 'ModelError'
    this.code = code
    this.modelPath = modelPath
    this.problems = problems
  }
}
