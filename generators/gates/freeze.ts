import type { FreezeWindow } from '../definitions/index.ts'

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const WEEK = 7 * 24 * 60

/** The window that is frozen at this moment; undefined when none is. */
export function frozenBy(windows: readonly FreezeWindow[], now: Date): FreezeWindow | undefined {
  return windows.find((window) => isFrozen(window, now))
}

/** Compared as clocks on the wall show it there, so summer time needs no thought. */
function isFrozen({ from, until, timeZone }: FreezeWindow, now: Date): boolean {
  const clock = wallClock(now, timeZone)
  if (!/^[A-Z]/.test(from)) return from <= clock.calendar && clock.calendar < until
  const minute = minuteOfWeek(clock.weekly)
  const since = (minute - minuteOfWeek(from) + WEEK) % WEEK
  return since < (minuteOfWeek(until) - minuteOfWeek(from) + WEEK) % WEEK
}

/** `2026-12-20 16:00` and `Sun 16:00`. */
function wallClock(now: Date, timeZone: string): { calendar: string; weekly: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]))
  const time = `${parts['hour']}:${parts['minute']}`
  return {
    calendar: `${parts['year']}-${parts['month']}-${parts['day']} ${time}`,
    weekly: `${parts['weekday']} ${time}`,
  }
}

function minuteOfWeek(time: string): number {
  const [day = '', clock = ''] = time.split(' ')
  const [hour = 0, minute = 0] = clock.split(':').map(Number)
  return (WEEKDAYS.indexOf(day) * 24 + hour) * 60 + minute
}
