/** Patterns in CRDs are Go's: `(?i)` is JavaScript's flag for all of it, and some escapes are an error under `u`. */
export function goRegExp(pattern: string, flags: string): RegExp {
  const source = pattern.replaceAll('(?i)', '')
  const all = source === pattern ? flags : `${flags}i`
  try {
    return new RegExp(source, all)
  } catch {
    return new RegExp(source, all.replace('u', ''))
  }
}
goRegExp.code = 'new RegExp'
