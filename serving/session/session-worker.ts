import { parentPort, workerData } from 'node:worker_threads'
import { ModelError } from './model-error.ts'
import { reasonOf } from './model-run-error.ts'
import { createSession, type InlineSession } from './runtime.ts'
import { type FromWorker, memoryOf, type ToWorker, type WorkerInput } from './worker-messages.ts'

/** The thread behind `createWorkerSession`: one session, one call after the other, in the order they come. */
if (parentPort === null) throw new Error('session-worker.ts runs in a worker thread only')
const port = parentPort
const { modelPath, modelInterface, options } = workerData as WorkerInput

function tell(message: FromWorker): void {
  // The memory of outputs belongs to nobody here once they are on their way.
  port.postMessage(message, message.kind === 'outputs' ? memoryOf(message.outputs) : [])
}

async function handle(session: InlineSession, message: ToWorker): Promise<void> {
  if (message.kind === 'release') {
    await session.release()
    port.close()
    return
  }
  const { id, feeds, outputNames } = message
  try {
    const outputs = await session.run(feeds, outputNames)
    tell({ kind: 'outputs', id, outputs, milliseconds: session.blockedMs })
  } catch (error) {
    tell({ kind: 'failed', id, reason: reasonOf(error) })
  }
}

try {
  const session = await createSession(modelPath, modelInterface, options)
  port.on('message', (message: ToWorker) => void handle(session, message))
  tell({ kind: 'ready' })
} catch (error) {
  const { code, problems } =
    error instanceof ModelError
      ? error
      : new ModelError('model-refused', modelPath, [{ path: '', message: reasonOf(error) }])
  tell({ kind: 'refused', code, problems })
  port.close()
}
