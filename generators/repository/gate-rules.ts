import type { DefinedEnvironment, DefinedModel } from '../definitions/index.ts'
import type { Report } from './report.ts'

/** What must hold in the promotion gates of a model: a gate without a bound would pass whatever comes. */
export function checkModelGates({ gates, evaluation, outputs }: DefinedModel, report: Report): void {
  for (const [index, gate] of (gates?.promotion ?? []).entries()) {
    const hasBounds = gate.kind === 'latency' || gate.kind === 'memory'
    if (hasBounds && (gate.atMost === undefined) === (gate.tolerance === undefined)) {
      const fix = `Write ${gate.kind === 'latency' ? "latency('p99')" : 'memory()'}.atMost(...) or .noWorseThanChampion({ tolerance: ... }).`
      report(['gates', 'promotion', index], 'has no bound, or two', fix)
    }
    if (gate.kind === 'champion' && gate.confidence !== undefined && evaluation === undefined) {
      const fix = 'Name the column of the truth: evaluation: { truth: ... }.'
      report(
        ['gates', 'promotion', index, 'confidence'],
        'needs the evaluation rows, and nothing names their truth',
        fix,
      )
    }
  }
  const { positive, output } = evaluation ?? {}
  if (output !== undefined && !Object.hasOwn(outputs, output)) {
    report(['evaluation', 'output'], `there is no output "${output}"`, `Known: ${Object.keys(outputs).join(', ')}.`)
  }
  const labels = Object.values(outputs).flatMap((output) => output.labels ?? [])
  if (positive !== undefined && !labels.includes(positive)) {
    const known = labels.length > 0 ? `Known: ${labels.join(', ')}.` : 'Give an output labels, or leave it out.'
    report(['evaluation', 'positive'], `"${positive}" is no label of an output`, known)
  }
}

/** What must hold in the gates of an environment: a window that never freezes would be noticed when it is too late. */
export function checkEnvironmentGates({ gates, promotesFrom }: DefinedEnvironment, report: Report): void {
  for (const [index, { from, until, timeZone }] of (gates?.freeze ?? []).entries()) {
    const path = ['gates', 'freeze', index] as const
    if (!isTimeZone(timeZone)) {
      report([...path, 'timeZone'], `"${timeZone}" is no time zone`, 'Use a name such as Europe/Berlin or UTC.')
    }
    const [weekly, alsoWeekly] = [from, until].map((time) => /^[A-Z]/.test(time))
    if (weekly !== alsoWeekly) {
      report(
        [...path],
        `"${from}" is ${weekly ? 'of every week' : 'a date'}, and "${until}" is not`,
        'Write both alike.',
      )
    } else if (weekly ? from === until : from >= until) {
      report([...path, 'until'], `${until} is not after ${from}`, 'Swap them.')
    }
    for (const [field, time] of Object.entries({ from, until })) {
      if (!/^[A-Z]/.test(time) && !isCalendarDay(time.slice(0, 10))) {
        report([...path, field], `${time.slice(0, 10)} is no day of the calendar`, 'Correct it.')
      }
    }
  }
  for (const field of ['soak', 'live'] as const) {
    if (gates?.[field] !== undefined && !promotesFrom) {
      const message = 'is about the environment before, and there is none'
      report(['gates', field], message, 'Write it into the environment that promotes from this one.')
    }
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** `2027-02-29` is none, and would become the first of March. */
function isCalendarDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}
