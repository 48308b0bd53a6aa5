import { writeSync } from 'node:fs'
import { createContext, Script } from 'node:vm'
import { NotData, toData } from './data.ts'
import {
  ANSWERS_DESCRIPTOR,
  type Answer,
  type DefinitionSource,
  END,
  type EvaluationRequest,
  type Outcome,
  readOutcome,
  scriptName,
} from './protocol.ts'

/**
 * The program of the process that evaluates definitions: it has no environment, no rights to files or processes where Node can take
 * them away, and a limit on memory. Each definition gets a realm of its own, with its own Object, Array and Error, so that nothing
 * that one does is seen by another.
 */

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
})

async function main(): Promise<void> {
  const request = JSON.parse(await readInput()) as EvaluationRequest
  const values = new Map(Object.entries(request.known))
  const realm = new Script(request.realm, { filename: 'realm' })
  const vocabulary = new Script(`modelyardRealm.provideVocabulary(${wrapped(request.vocabulary)})`, {
    filename: 'modelyard',
  })
  for (const [index, source] of request.sources.entries()) {
    const outcome = evaluate(source, index)
    if (outcome.kind === 'value') values.set(source.file, outcome.json ?? '')
    write(JSON.stringify({ index, outcome } satisfies Answer))
  }
  write(END)

  function evaluate({ code, imports }: DefinitionSource, index: number): Outcome {
    if (imports.some((file) => !values.has(file))) return { kind: 'import-missing' }
    const context = createContext(Object.create(null), {
      codeGeneration: { strings: false, wasm: false },
      microtaskMode: 'afterEvaluate',
    })
    realm.runInContext(context)
    vocabulary.runInContext(context)
    for (const file of imports) {
      const provide = `modelyardRealm.provideValue(${literal(file)}, ${literal(values.get(file) ?? '')})`
      new Script(provide).runInContext(context)
    }
    try {
      const script = new Script(`modelyardRealm.evaluate(${wrapped(code)})`, {
        filename: scriptName(index),
        lineOffset: -1,
      })
      return checked(script.runInContext(context, { timeout: request.timeout }))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { kind: 'timeout' }
      return { kind: 'thrown', message: error instanceof Error ? `${error.name}: ${error.message}` : '', stack: '' }
    }
  }
}

/** What a realm answered, judged where nothing of it runs. */
function checked(answer: unknown): Outcome {
  const unreadable: Outcome = { kind: 'thrown', message: 'it changed how its answer is written', stack: '' }
  try {
    const outcome = typeof answer === 'string' ? readOutcome(JSON.parse(answer), 'realm') : undefined
    if (outcome?.kind === 'value' && outcome.json !== undefined) {
      return { kind: 'value', json: JSON.stringify(toData(JSON.parse(outcome.json))) }
    }
    return outcome ?? unreadable
  } catch (error) {
    return error instanceof NotData ? { kind: 'not-data', path: error.path, what: error.message } : unreadable
  }
}

/** The code starts on a line of its own, so that its columns stay. */
function wrapped(code: string): string {
  return `function (module, exports, require) {\n${code}\n}`
}

function literal(text: string): string {
  return JSON.stringify(text)
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** At once: what was evaluated before another one ends the process is known. */
function write(line: string): void {
  const bytes = Buffer.from(`${line}\n`)
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(ANSWERS_DESCRIPTOR, bytes, offset)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
