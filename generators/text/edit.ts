import { type DocumentPath, Failure, formatPath } from '../findings/index.ts'
import { formatYaml, parseYaml } from './yaml.ts'

/**
 * Replaces one scalar by its source range: comments, quotes elsewhere and line ends stay byte for byte.
 * @throws Failure when the file has no scalar there, or one over several lines
 */
export function editScalar(file: string, text: string, path: DocumentPath, value: string): string {
  const range = parseYaml(file, text).document?.rangeOf(path)
  if (!range) {
    const fix = 'Write the value on one line, or restore the file from Git.'
    throw new Failure(`${file} has no scalar on one line at ${formatPath(path)}`, { fix })
  }
  return text.slice(0, range.start) + formatScalar(value) + text.slice(range.end)
}

/** Text that means `value` wherever a scalar may stand: inside `{}` and `[]` more characters have a meaning. */
function formatScalar(value: string): string {
  return /^\w[\w.-]*$/.test(value) ? formatYaml(value).trimEnd() : JSON.stringify(value)
}
