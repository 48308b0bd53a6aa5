import { forLog, forTerminal, visibleJson } from '../text/index.ts'

/** Set by every CI service, whose log obeys some of what is printed. */
const isLog = () => !['', 'false', undefined].includes(process.env['CI']) || process.env['GITHUB_ACTIONS'] === 'true'

/**
 * Everything that a command prints goes through here or through `writeData`: names, messages and diffs hold what others wrote, and a
 * terminal or a log must obey none of it.
 */
export function writeText(stream: NodeJS.WriteStream, text: string, styles: boolean): void {
  const shown = forTerminal(text, { styles })
  stream.write(isLog() ? forLog(shown) : shown)
}

/** The result for a program. */
export function writeData(value: unknown): void {
  const json = visibleJson(JSON.stringify(value, null, 2))
  // As `forLog` does, in the words of JSON.
  process.stdout.write(`${isLog() ? json.replaceAll('##', '#\\u0023') : json}\n`)
}
