import { randomUUID } from 'node:crypto'
import type { GitRepository } from './git.ts'

/** One commit of a log: the fields that were asked for, and what git printed below them. */
export interface LogEntry {
  fields: string[]
  rest: string
}

/**
 * Runs `git log` with a format of these fields, such as `%H` and `%an`. Whoever commits writes names and messages, in any character: what
 * separates fields is a text that nobody knows before.
 */
export async function readLog(
  { git }: GitRepository,
  fields: readonly string[],
  args: readonly string[],
): Promise<LogEntry[]> {
  const mark = randomUUID()
  const format = `--format=${mark}${fields.map((field) => field + mark).join('')}`
  const [, ...parts] = (await git(['log', '--no-show-signature', format, ...args])).split(mark)
  const width = fields.length + 1
  return Array.from({ length: Math.floor(parts.length / width) }, (_, index) => ({
    fields: parts.slice(index * width, (index + 1) * width - 1),
    rest: parts[(index + 1) * width - 1] ?? '',
  }))
}
