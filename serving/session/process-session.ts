import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ModelInterface } from '../contract/index.ts'
import type { GraphFacts } from './graph-facts.ts'
import { limitMemory } from './memory-limit.ts'
import { ModelError, type ModelErrorCode } from './model-error.ts'
import { ModelRunError } from './model-run-error.ts'
import type { FromProcess, ToProcess } from './process-messages.ts'
import type { Session, SessionOptions } from './runtime.ts'

/** What a model may take before it is known. */
export interface ModelLimits {
  /** Bytes of memory beyond the bare process. */
  memoryBytes: number
  /** Milliseconds to open it. */
  openMs: number
  /** Milliseconds for one call. */
  callMs: number
  /** Milliseconds for everything, from the opening on. */
  totalMs: number
}

/** Bytes and milliseconds for any model; what its size adds follows. */
const BASE_MEMORY = 2 ** 30
const BASE_MS = 60_000

/** Limits on a developer's machine and in a pipeline, by the size of a model and its external data in bytes. */
export function limitsOf(bytes: number): ModelLimits {
  const milliseconds = BASE_MS + Math.ceil(bytes / 10_000)
  return {
    memoryBytes: BASE_MEMORY + 4 * bytes,
    openMs: milliseconds,
    callMs: milliseconds,
    totalMs: 10 * milliseconds,
  }
}

const BROKEN = ['model-memory-exceeded', 'model-timed-out', 'model-crashed'] as const

/** True for the errors of a model that broke its process or the limits of it. */
export function isBroken(error: unknown): error is ModelError & { code: (typeof BROKEN)[number] } {
  return error instanceof ModelError && BROKEN.some((code) => code === error.code)
}

/** A session in a process of its own, which can be killed: for a model that nobody has seen run yet. */
export interface ProcessSession extends Session {
  /** What the file says of itself, read in that process. */
  readonly facts: GraphFacts
}

export interface ProcessSessionOptions extends Omit<SessionOptions, 'facts'> {
  limits: ModelLimits
}

/** Outputs of one call that this process takes, bytes: a quarter of the model's memory, at most this. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** Milliseconds for an empty process to start, on a machine that is busy. */
const START_MS = 60_000
/** Milliseconds that an idle process waits for another model. */
const IDLE_MS = 5000

/** Compiled code runs from `.js`, the sources of this repository from `.ts`. */
const FROM_SOURCE = import.meta.url.endsWith('.ts')
const ENTRY = fileURLToPath(new URL(`./session-process${FROM_SOURCE ? '.ts' : '.js'}`, import.meta.url))
/** A small heap and one thread: what is measured is the model. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1', '--max-old-space-size=512']
/** Everything that the process is told of its surroundings: no credentials are among it. */
const ENVIRONMENT = ['PATH', 'LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'TMPDIR', 'SystemRoot']

/**
 * `createSession` in a process of its own with limits on time and memory. A model that exceeds them, or that ends its process,
 * rejects with a `ModelError` of the code `model-memory-exceeded`, `model-timed-out` or `model-crashed`, now and at every later
 * call; this process is not harmed. Throws the other `ModelError`s as `createSession` does.
 */
export async function createProcessSession(
  modelPath: string,
  modelInterface: ModelInterface,
  { limits, ...options }: ProcessSessionOptions,
): Promise<ProcessSession> {
  const { memoryBytes, openMs, callMs, totalMs } = limits
  const host = idle.pop() ?? new ModelProcess()
  await host.take(modelPath, memoryBytes)
  const end = performance.now() + totalMs
  const answerBytes = Math.min(MAX_ANSWER_BYTES, Math.floor(memoryBytes / 4))
  const opened = await host.ask({ kind: 'open', modelPath, modelInterface, options, answerBytes }, openMs)
  if (opened.kind !== 'opened') {
    host.leave()
    if (opened.kind === 'refused') throw new ModelError(opened.code, modelPath, opened.problems)
    const message = opened.kind === 'failed' ? opened.reason : opened.kind
    throw new ModelError('model-refused', modelPath, [{ path: '', message }])
  }
  let queue: Promise<unknown> = Promise.resolve()
  return {
    interface: modelInterface,
    facts: opened.facts,
    run(feeds, outputNames) {
      const turn = queue.then(async () => {
        const answer = await host.ask({ kind: 'run', feeds, outputNames }, Math.min(callMs, end - performance.now()))
        if (answer.kind === 'outputs') return answer.outputs
        throw new ModelRunError(answer.kind === 'failed' ? answer.reason : answer.kind)
      })
      queue = turn.catch(() => {})
      return turn
    },
    async release() {
      await queue
      await host.ask({ kind: 'release' }, callMs).catch(() => {})
      host.leave()
    },
  }
}

/** Processes without a model. */
const idle: ModelProcess[] = []
const living = new Set<ModelProcess>()

interface Ending {
  code: ModelErrorCode
  message: string
}

interface Question {
  resolve(answer: FromProcess): void
  reject(error: Error): void
}

/** One child process; it runs one model after the other until one of them breaks it. */
class ModelProcess {
  private readonly child: ChildProcess
  private readonly started: Promise<void>
  private question: Question | undefined
  private modelPath = ''
  private memoryBytes = 0
  private limit: { stop(): void } | undefined
  private idleTimer: NodeJS.Timeout | undefined
  /** Why it can answer no more. */
  private ended: Ending | undefined

  constructor() {
    if (living.size === 0) process.on('exit', killAll)
    living.add(this)
    const environment = Object.fromEntries(
      ENVIRONMENT.flatMap((name) => {
        const value = process.env[name]
        return value === undefined ? [] : [[name, value]]
      }),
    )
    this.child = fork(ENTRY, [], {
      execArgv: [
        ...NODE_FLAGS,
        ...(FROM_SOURCE ? ['-C', 'modelyard-source', '--import', import.meta.resolve('tsx')] : []),
      ],
      env: { ...environment, UV_THREADPOOL_SIZE: '1' },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.started = new Promise((resolve, reject) => {
      this.question = { resolve: () => resolve(), reject }
    })
    this.started.catch(() => {})
    const timer = setTimeout(() => this.kill('model-timed-out', 'the process for it did not start'), START_MS)
    this.child.on('message', (message: FromProcess) => {
      clearTimeout(timer)
      const { question } = this
      this.question = undefined
      question?.resolve(message)
    })
    this.child.on('error', (error) =>
      this.end('model-crashed', `the process for it cannot be started: ${error.message}`),
    )
    this.child.on('exit', (code, signal) => {
      clearTimeout(timer)
      this.end('model-crashed', `it ended the process that ran it (${signal ?? `exit code ${code}`})`)
    })
  }

  /** Prepares for a model: what it adds to the memory from here on is limited. */
  async take(modelPath: string, memoryBytes: number): Promise<void> {
    clearTimeout(this.idleTimer)
    this.modelPath = modelPath
    this.child.ref()
    this.child.channel?.ref()
    await this.started.catch(() => {})
    this.memoryBytes = memoryBytes
    this.limit = await limitMemory(this.child.pid ?? 0, memoryBytes, () => this.exhausted())
  }

  ask(message: ToProcess, timeoutMs: number): Promise<FromProcess> {
    return new Promise<FromProcess>((resolve, reject) => {
      if (this.ended !== undefined) {
        reject(this.failure(this.ended))
        return
      }
      const doing = message.kind === 'run' ? 'answer a call' : `be ${message.kind === 'open' ? 'opened' : 'released'}`
      const timer = setTimeout(() => {
        this.kill(
          'model-timed-out',
          `it takes longer than ${Math.max(0, Math.round(timeoutMs / 100) / 10)} s to ${doing}`,
        )
      }, timeoutMs)
      this.question = {
        resolve: (answer) => {
          clearTimeout(timer)
          if (answer.kind !== 'exhausted') resolve(answer)
          else reject(this.failure(this.exhausted()))
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      // What cannot be sent any more is told by the exit.
      this.child.send(message, () => {})
    })
  }

  /** The model is released: the next one may come. */
  leave(): void {
    this.limit?.stop()
    if (this.ended !== undefined) return
    this.child.unref()
    this.child.channel?.unref()
    idle.push(this)
    this.idleTimer = setTimeout(() => this.kill('model-crashed', 'it was not needed'), IDLE_MS)
    this.idleTimer.unref()
  }

  kill(code: ModelErrorCode, message: string): Ending {
    this.child.kill('SIGKILL')
    return this.end(code, message)
  }

  private exhausted(): Ending {
    return this.kill(
      'model-memory-exceeded',
      `it takes more than ${Math.round(this.memoryBytes / 2 ** 20)} MiB of memory`,
    )
  }

  private end(code: ModelErrorCode, message: string): Ending {
    if (this.ended !== undefined) return this.ended
    this.ended = { code, message }
    this.limit?.stop()
    clearTimeout(this.idleTimer)
    living.delete(this)
    if (living.size === 0) process.off('exit', killAll)
    const at = idle.indexOf(this)
    if (at >= 0) idle.splice(at, 1)
    this.question?.reject(this.failure(this.ended))
    this.question = undefined
    return this.ended
  }

  private failure({ code, message }: Ending): ModelError {
    return new ModelError(code, this.modelPath, [
      { path: '', message, repair: 'run it where it was made, with a limit on time and memory, to see where it goes' },
    ])
  }
}

/** A model that loops does not hear that its parent has ended. */
function killAll(): void {
  for (const host of living) host.kill('model-crashed', 'this process ends')
}
