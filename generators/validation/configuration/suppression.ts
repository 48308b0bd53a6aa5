import { type Finding, RULES, type Rule, type RuleId } from '../../findings/index.ts'
import { nearest } from '../../text/index.ts'

/** Findings that somebody decided to live with, and why. */
export interface Suppression {
  rules: readonly string[]
  reason: string
  /** The last day that it holds, `2027-03-31`; for ever when left out. */
  until?: string
  /** Where it is written, and where a finding about it stands. */
  file: string
  line: number
  covers(finding: Finding): boolean
  /** Nothing that it is about was looked at: that it suppresses nothing means nothing. */
  isOutOfSight?: boolean
}

/** What was found and is not shown as a finding. */
export interface Suppressed {
  finding: Finding
  reason: string
  until?: string
}

const SAID = /^([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)(?:\s+until\s+(\S+?))?\s*:\s*(\S.*)$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

type Said = { rules: string[]; reason: string; until?: string } | { problem: string }

/** `run-as-root, read-only-root until 2027-03-31: the vendor's image`, the words of a comment. */
export function parseSaid(text: string): Said {
  const [, rules = '', until, reason = ''] = SAID.exec(text) ?? []
  if (rules === '') return { problem: `"${text}" gives no reason` }
  if (until !== undefined && !isDate(until)) return { problem: `"${until}" is no date` }
  return { rules: rules.split(/\s*,\s*/), reason, ...(until !== undefined && { until }) }
}

export function isDate(text: string): boolean {
  return DATE.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)
}

/** Why a rule cannot be suppressed; undefined when it can. */
export function refusal(rule: string): string | undefined {
  if (!Object.hasOwn(RULES, rule)) {
    const near = nearest(rule, Object.keys(RULES))
    return `there is no rule "${rule}"${near ? `; did you mean "${near}"?` : ''}`
  }
  const { couldNotCheck, fixed }: Rule = RULES[rule as RuleId]
  if (couldNotCheck) return `${rule} says that something could not be checked, which no comment makes valid`
  return fixed === 'always' ? `${rule} is always reported` : undefined
}

export interface Applied {
  /** What is left, and what is to say of the suppressions themselves. */
  findings: Finding[]
  suppressed: Suppressed[]
}

/**
 * Takes away what is suppressed. One that has expired takes nothing away; that, and one with nothing to take away, is a finding.
 * @param today `2026-11-21`
 */
export function applySuppressions(
  findings: readonly Finding[],
  suppressions: readonly Suppression[],
  today: string,
): Applied {
  const usable = suppressions.filter(({ rules }) => rules.every((rule) => refusal(rule) === undefined))
  const used = new Set<Suppression>()
  const left: Finding[] = []
  const suppressed: Suppressed[] = []
  for (const finding of findings) {
    const matching = usable.filter((one) => one.rules.includes(finding.rule) && one.covers(finding))
    for (const one of matching) used.add(one)
    const valid = matching.find(({ until }) => until === undefined || until >= today)
    if (!valid) left.push(finding)
    else suppressed.push({ finding, reason: valid.reason, ...(valid.until !== undefined && { until: valid.until }) })
  }
  const said = suppressions.flatMap((one) => aboutSuppression(one, used.has(one), today))
  return { findings: [...left, ...said], suppressed }
}

function aboutSuppression(one: Suppression, isUsed: boolean, today: string): Finding[] {
  const { file, line, until, rules } = one
  const refusals = rules.map(refusal).filter((reason) => reason !== undefined)
  if (refusals.length > 0) {
    return refusals.map((reason) => ({
      rule: 'suppression-invalid',
      severity: 'error',
      message: `cannot be suppressed: ${reason}`,
      file,
      line,
      fix: 'Remove it, or name a rule that modelyard explain lists.',
    }))
  }
  const names = rules.join(', ')
  if (until !== undefined && until < today) {
    const message = `the suppression of ${names} ended on ${until}`
    const fix = isUsed ? RULES['suppression-expired'].repair : 'Remove it: there is nothing left to suppress.'
    return [{ rule: 'suppression-expired', severity: 'warning', message, file, line, fix }]
  }
  if (isUsed || one.isOutOfSight) return []
  const message = `suppresses nothing: ${names} has no finding here`
  return [
    { rule: 'suppression-unused', severity: 'warning', message, file, line, fix: RULES['suppression-unused'].repair },
  ]
}
