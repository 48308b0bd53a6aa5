const UNITS: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
]

/** `31 h`, `9 d`: whole units, rounded down so that a time that is not reached is never shown as if it were. */
export function formatDuration(milliseconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => milliseconds >= 2 * one) ?? ['s', 1000]
  return `${Math.floor(milliseconds / size)} ${unit}`
}
