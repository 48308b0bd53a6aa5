import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { ModelInterface } from '../contract/index.ts'
import { ModelError } from './model-error.ts'
import { ModelRunError } from './model-run-error.ts'
import type { Session, SessionOptions } from './runtime.ts'
import type { Tensors } from './tensor.ts'
import { type FromWorker, memoryOf, type ToWorker, type WorkerInput } from './worker-messages.ts'

/** The thread of a model has ended without being asked to; the call may be tried again on another. */
export class WorkerStoppedError extends Error {
  readonly code = 'worker-stopped'

  constructor(reason: string) {
    super(`the thread of the model has stopped: ${reason}`)
    this.name = 'WorkerStoppedError'
  }
}

/** A session in a thread of its own: a call of it leaves the event loop free, for about 22 us a round trip. */
export interface WorkerSession extends Session {
  /** Resolves with the reason when the thread ends unasked; calls under way reject with a `WorkerStoppedError`. */
  readonly stopped: Promise<string>
  /** Milliseconds that the last call's native part took, in the thread; 0 before the first. */
  readonly nativeMs: number
}

export interface WorkerSessionOptions extends SessionOptions {
  /** JavaScript heap of the thread, MiB; Node's default when absent. The model's own memory is outside it. */
  heapMb?: number
}

interface Call {
  resolve(outputs: Tensors): void
  reject(error: Error): void
}

/** Compiled code runs from `.js`, the sources of this repository from `.ts`. */
const FROM_SOURCE = import.meta.url.endsWith('.ts')
const ENTRY = new URL(`./session-worker${FROM_SOURCE ? '.ts' : '.js'}`, import.meta.url)

/** A thread does not inherit the loader that `--import tsx` gives to the process: from the sources it registers its own. */
function startThread(options: WorkerOptions): Worker {
  if (!FROM_SOURCE) return new Worker(ENTRY, options)
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const script = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(ENTRY.href)}) })`
  return new Worker(script, { ...options, eval: true })
}

/**
 * `createSession` in a thread of its own. Throws a `ModelError` for a model that the thread refuses, and a
 * `WorkerStoppedError` when the thread ends before it is ready.
 */
export async function createWorkerSession(
  modelPath: string,
  modelInterface: ModelInterface,
  { heapMb, ...options }: WorkerSessionOptions = {},
): Promise<WorkerSession> {
  const workerData: WorkerInput = { modelPath, modelInterface, options }
  const worker = startThread({
    workerData,
    ...(heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
  })
  const calls = new Map<number, Call>()
  let nextId = 0
  let asked = false
  let nativeMs = 0
  let failure: string | undefined
  let endedBecause: string | undefined

  const ended = new Promise<string>((resolve) => {
    worker.on('error', (error) => {
      failure = error.message
    })
    worker.on('exit', (code) => {
      endedBecause = failure ?? `it ended with code ${code}`
      for (const { reject } of calls.values()) reject(new WorkerStoppedError(endedBecause))
      calls.clear()
      resolve(endedBecause)
    })
  })
  const stopped = new Promise<string>((resolve) => {
    void ended.then((reason) => {
      if (!asked) resolve(reason)
    })
  })

  await new Promise<void>((resolve, reject) => {
    void ended.then((reason) => reject(new WorkerStoppedError(reason)))
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve()
      else if (message.kind === 'refused') {
        asked = true
        reject(new ModelError(message.code, modelPath, message.problems))
      } else {
        const call = calls.get(message.id)
        calls.delete(message.id)
        if (message.kind === 'outputs') {
          nativeMs = message.milliseconds
          call?.resolve(message.outputs)
        } else call?.reject(new ModelRunError(message.reason))
      }
    })
  })

  return {
    interface: modelInterface,
    stopped,
    get nativeMs() {
      return nativeMs
    },
    run(feeds, outputNames, fresh = false) {
      return new Promise((resolve, reject) => {
        if (endedBecause !== undefined) {
          reject(new WorkerStoppedError(endedBecause))
          return
        }
        const id = nextId++
        calls.set(id, { resolve, reject })
        const message: ToWorker = { kind: 'run', id, feeds, outputNames }
        worker.postMessage(message, fresh ? memoryOf(feeds) : [])
      })
    },
    async release() {
      asked = true
      if (endedBecause !== undefined) return
      const message: ToWorker = { kind: 'release' }
      worker.postMessage(message)
      await ended
    },
  }
}
