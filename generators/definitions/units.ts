/** Values that are written with their unit; TypeScript checks the form while typing, the loader checks it again. */

/** `250m` (thousandths of a core) or `2` (cores). */
export type CpuQuantity = `${number}m` | `${number}`
/** `256Mi`, `1Gi`: binary multiples of a byte. */
export type MemoryQuantity = `${number}Ki` | `${number}Mi` | `${number}Gi`
/** `25ms`, `30s`, `5m`, `24h`, `7d`. */
export type Duration = `${number}ms` | `${number}s` | `${number}m` | `${number}h` | `${number}d`
/** `2%`. */
export type Percentage = `${number}%`

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }

/** `1.5s` -> 1500. The text has passed the definition's schema. */
export function parseDuration(duration: Duration): number {
  const [, amount = '', unit = ''] = /^([\d.]+)(ms|s|m|h|d)$/.exec(duration) ?? []
  return Number(amount) * (MILLISECONDS[unit] ?? Number.NaN)
}

/** `250m` -> 0.25 cores. */
export function parseCpu(cpu: CpuQuantity): number {
  return cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu)
}

/** `256Mi` -> bytes. */
export function parseMemory(memory: MemoryQuantity): number {
  return Number(memory.slice(0, -2)) * (BYTES[memory.slice(-2)] ?? Number.NaN)
}

/** `2%` -> 0.02. */
export function parsePercentage(percentage: Percentage): number {
  return Number(percentage.slice(0, -1)) / 100
}
