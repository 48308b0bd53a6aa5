export interface Rule {
  /** One line, as `modelyard explain` lists it. */
  summary: string
  /** What goes wrong without it. */
  reason: string
  repair: string
  /** The finding says that something could not be checked, which is not the same as valid: exit code 2. */
  couldNotCheck?: true
  /**
   * `always`: can be neither suppressed nor configured. `severity`: may be suppressed at one place, with a reason, and not be
   * switched off.
   */
  fixed?: 'always' | 'severity'
}

/** The summary as a sentence. */
export function sentenceOf({ summary }: Rule): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`
}
