/** True for an id that a caller may give its request: harmless in a log, a header and a label. */
export function isRequestId(given: unknown): given is string {
  return typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given)
}
