import { writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { ModelError } from './model-error.ts'
import { reasonOf } from './model-run-error.ts'
import type { FromProcess, ToProcess } from './process-messages.ts'
import { readModel } from './read-model.ts'
import { createSession, type Session } from './runtime.ts'
import type { Tensors } from './tensor.ts'

/** The process behind `createProcessSession`: one model at a time, one call after the other. */
if (process.send === undefined) throw new Error('session-process.ts runs as a child process only')

let session: Session | undefined
let answerBytes = 0

function tell(message: FromProcess): void {
  process.send?.(message)
}

async function answer(message: ToProcess): Promise<FromProcess> {
  switch (message.kind) {
    case 'open': {
      const { modelPath, modelInterface, options } = message
      answerBytes = message.answerBytes
      try {
        const facts = await readModel(modelPath)
        session = await createSession(modelPath, modelInterface, { ...options, facts })
        return { kind: 'opened', facts }
      } catch (error) {
        if (!(error instanceof ModelError) || isExhausted(error)) throw error
        return { kind: 'refused', code: error.code, problems: error.problems }
      }
    }
    case 'run': {
      if (session === undefined) return { kind: 'failed', reason: 'no model is open' }
      const outputs = await session.run(message.feeds, message.outputNames)
      const bytes = sizeOf(outputs)
      if (bytes <= answerBytes) return { kind: 'outputs', outputs }
      return { kind: 'failed', reason: `the outputs have ${bytes} bytes; at most ${answerBytes} are taken` }
    }
    case 'release':
      await session?.release()
      session = undefined
      return { kind: 'released' }
  }
}

function sizeOf(outputs: Tensors): number {
  return Object.values(outputs).reduce((sum, { data }) => {
    return sum + (Array.isArray(data) ? data.reduce((total, text) => total + 2 * text.length, 0) : data.byteLength)
  }, 0)
}

/** ONNX Runtime has no code for it: its allocator, and C++'s, say it in these words. */
function isExhausted(error: unknown): boolean {
  return /Failed to allocate memory|bad_alloc|bad allocation/.test(reasonOf(error))
}

function disfavourThisProcess(): void {
  try {
    // Should memory run out all the same, the kernel takes this process and not the one that serves.
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Not Linux, or not allowed.
  }
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Not allowed.
  }
}

disfavourThisProcess()
process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToProcess) => {
  answer(message).then(tell, (error: unknown) => {
    tell(isExhausted(error) ? { kind: 'exhausted' } : { kind: 'failed', reason: reasonOf(error) })
  })
})
tell({ kind: 'started' })
