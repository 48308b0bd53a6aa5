import { type DocumentPath, Failure, formatPath } from '../findings/index.ts'
import { canonicalJson } from '../text/index.ts'
import { formatYaml, parseYaml } from './yaml.ts'

/**
 * Replaces one scalar by its source range. A text that is quoted keeps its quotes; comments and line ends stay byte for byte.
 * @throws Failure when the file has no scalar there, or one over several lines
 */
export function editScalar(file: string, text: string, path: DocumentPath, value: string | number): string {
  const range = parseYaml(file, text).document?.rangeOf(path)
  if (!range) {
    const fix = 'Write the value on one line, or restore the file from Git.'
    throw new Failure(`${file} has no scalar on one line at ${formatPath(path)}`, { fix })
  }
  return text.slice(0, range.start) + formatScalar(value, text[range.start]) + text.slice(range.end)
}

/**
 * Adds a key at the end of the top-level map; what stands there stays byte for byte.
 * @throws Failure when the file is no map over several lines, or has the key
 */
export function addKey(file: string, text: string, key: string, value: unknown): string {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const block = formatYaml({ [key]: value }).replaceAll('\n', lineEnd)
  return confirmed(file, text, `${text}${/(^|\n)$/.test(text) ? '' : lineEnd}${block}`, (document) => {
    if (key in document) throw new Failure(`${file} has ${key} already`, { fix: 'Remove it first.' })
    return { ...document, [key]: value }
  })
}

/**
 * Removes a key of the top-level map with all of its value; what stands around it stays byte for byte.
 * @throws Failure when there is no such key on lines of its own
 */
export function removeKey(file: string, text: string, key: string): string {
  const lines = parseYaml(file, text).document?.linesOf(key)
  if (!lines) throw byHand(file, `it has no ${key} on lines of its own`)
  return confirmed(file, text, text.slice(0, lines.start) + text.slice(lines.end), (document) => {
    const { [key]: _, ...rest } = document
    return rest
  })
}

/** An edit of text is only believed when a reader then finds what was meant. */
function confirmed(
  file: string,
  before: string,
  after: string,
  expected: (document: Record<string, unknown>) => Record<string, unknown>,
): string {
  const value = parseYaml(file, before).document?.value
  if (value === null || typeof value !== 'object') throw byHand(file, 'it cannot be read as a map')
  const wanted = expected(value as Record<string, unknown>)
  const found = parseYaml(file, after).document?.value
  if (canonicalJson(found ?? null) !== canonicalJson(wanted)) throw byHand(file, 'it is not written one key a line')
  return after
}

function byHand(file: string, reason: string): Failure {
  return new Failure(`${file} cannot be edited: ${reason}`, {
    fix: 'Write one key a line, as Modelyard does, or make the change by hand.',
  })
}

/** Text that means `value` wherever a scalar may stand: inside `{}` and `[]` more characters have a meaning. */
function formatScalar(value: string | number, previousStart?: string): string {
  if (typeof value === 'number') return String(value)
  if (previousStart === '"') return JSON.stringify(value)
  // Single quotes have no escapes for line ends and control characters.
  if (previousStart === "'" && /^[ -~]*$/.test(value)) return `'${value.replaceAll("'", "''")}'`
  return /^\w[\w.-]*(@sha256:[0-9a-f]+)?$/.test(value) ? formatYaml(value).trimEnd() : JSON.stringify(value)
}
