import { Failure } from '../findings/index.ts'
import { formatYaml, parseYaml } from './yaml.ts'

/**
 * Replaces one scalar by its source range: comments, quotes elsewhere and line ends stay byte for byte.
 * @throws Failure when the file has no scalar there.
 */
export function editScalar(file: string, text: string, path: (string | number)[], value: string): string {
  const range = parseYaml(file, text).document?.rangeOf(path)
  if (!range) throw new Failure(`${file} has no scalar at ${path.join('.')}`, { fix: 'Restore the file from Git.' })
  return text.slice(0, range.start) + formatYaml(value).trimEnd() + text.slice(range.end)
}
