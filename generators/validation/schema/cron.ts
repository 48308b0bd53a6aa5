interface Bounds {
  minimum: number
  maximum: number
  /** In lower case, the first for `first`. */
  names?: readonly string[]
  first?: number
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const FIELDS: readonly Bounds[] = [
  { minimum: 0, maximum: 59 },
  { minimum: 0, maximum: 23 },
  { minimum: 1, maximum: 31 },
  { minimum: 1, maximum: 12, names: MONTHS, first: 1 },
  { minimum: 0, maximum: 6, names: DAYS, first: 0 },
]

const DESCRIPTORS = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every (\d*\.?\d+(ns|us|µs|μs|ms|s|m|h))+)$/

/** A schedule as CronJobs take it: `ParseStandard` of github.com/robfig/cron/v3, without a time zone, which is a field of its own. */
export function isCronSchedule(text: string): boolean {
  if (text.includes('TZ')) return false
  if (text.startsWith('@')) return DESCRIPTORS.test(text)
  const fields = text.split(/\s+/).filter((field) => field !== '')
  return fields.length === FIELDS.length && FIELDS.every((bounds, index) => isField(fields[index] ?? '', bounds))
}

function isField(field: string, bounds: Bounds): boolean {
  return field.split(',').every((range) => range === '' || isRange(range, bounds))
}

/** `*`, `5`, `1-5`, each with `/2` behind it. */
function isRange(text: string, bounds: Bounds): boolean {
  const [range = '', step, ...slashes] = text.split('/')
  const [low = '', high, ...hyphens] = range.split('-')
  if (slashes.length > 0 || (step !== undefined && !(numberOf(step) > 0))) return false
  if (low === '*' || low === '?') return true
  const start = numberOf(low, bounds)
  const end = high === undefined ? (step === undefined ? start : bounds.maximum) : numberOf(high, bounds)
  return hyphens.length === 0 && start >= bounds.minimum && end <= bounds.maximum && start <= end
}

/** NaN, which is neither more nor less than anything, for what is no number. */
function numberOf(text: string, { names, first = 0 }: Partial<Bounds> = {}): number {
  const name = names?.indexOf(text.toLowerCase()) ?? -1
  if (name >= 0) return name + first
  return /^\+?\d+$/.test(text) ? Number(text) : Number.NaN
}

/** A name of the time zone database, such as Europe/Berlin. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name) || /^local$/i.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
