import type { LoggerOption } from '../http/index.ts'

/** Lines of a server's log, as they are written. */
export function logLines() {
  let text = ''
  const lines: ({ msg: string } & Record<string, unknown>)[] = []
  const stream = {
    write(line: string) {
      text += line
      lines.push(JSON.parse(line))
    },
  }
  const logger: LoggerOption = { stream }
  return { lines, logger, text: () => text }
}
