import type { Finding } from '../findings/index.ts'

/** Without what a second layer says of the same place: items of a list that are the same by its schema and by rules of pods. */
export function toldOnce(findings: readonly Finding[]): Finding[] {
  const told = new Set<string>()
  return findings.filter(({ rule, file, object, path }) => {
    if (rule !== 'name-duplicate') return true
    const place = `${file} ${object} ${itemOf(path)}`
    return !told.has(place) && told.add(place)
  })
}

/** The item of a list that a finding of `name-duplicate` is about, which may stand at a field of it. */
export function itemOf(path = ''): string {
  return path.slice(0, path.lastIndexOf(']') + 1)
}
