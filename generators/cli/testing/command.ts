import type { CommandResult, ExampleRepository } from '../../testing/example-repository.ts'
import { runProgram } from '../run.ts'

/**
 * Runs `modelyard <args>` on an example inside this process, which takes a tenth of a process of its own. Not for wrong usage,
 * which ends the process, and one at a time.
 */
export function runCommand({ root }: ExampleRepository, ...args: string[]): Promise<CommandResult> {
  return runHere(...args, '--root', root)
}

/** The same for a command that needs no repository. */
export async function runHere(...args: string[]): Promise<CommandResult> {
  const output = { stdout: '', stderr: '' }
  const { stdout, stderr } = process
  const restore = [
    capture(stdout, (text) => (output.stdout += text)),
    capture(stderr, (text) => (output.stderr += text)),
  ]
  try {
    await runProgram(args)
    return { code: Number(process.exitCode), ...output }
  } finally {
    for (const undo of restore) undo()
    process.exitCode = 0
  }
}

function capture(stream: NodeJS.WriteStream, add: (text: string) => void): () => void {
  const { write } = stream
  stream.write = (chunk: string | Uint8Array) => {
    add(chunk.toString())
    return true
  }
  return () => {
    stream.write = write
  }
}
