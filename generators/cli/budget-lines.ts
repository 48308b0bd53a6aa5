import type { MeasuredVersion } from '../gates/index.ts'
import { table } from './table.ts'

const MEBIBYTE = 2 ** 20

/** What deployed versions take here beside their budgets. A busy machine is slower than a pod: this is told, and fails nothing. */
export function budgetLines(measured: readonly MeasuredVersion[]): string[] {
  if (measured.length === 0) return []
  const rows = measured.map(({ model, version, environments, budget, latency, memoryBytes, unknown }) => [
    `${model} ${version}`,
    latency?.p50Ms === undefined ? '-' : milliseconds(latency.p50Ms),
    latency?.p95Ms === undefined ? '-' : milliseconds(latency.p95Ms),
    of(latency?.p99Ms, budget.p99Ms, milliseconds),
    of(memoryBytes, budget.memoryBytes, mebibytes),
    `${environments.join(', ')}${unknown === undefined ? '' : `: not measured, ${unknown}`}`,
  ])
  return table([['one row, here', 'p50', 'p95', 'p99 of budget', 'memory of limit', 'in'], ...rows])
}

function of(is: number | undefined, budget: number, format: (value: number) => string): string {
  if (is === undefined) return '-'
  return `${format(is)} of ${format(budget)}${is > budget ? ', over' : ''}`
}

function milliseconds(value: number): string {
  return `${Number(value.toPrecision(2))} ms`
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MEBIBYTE)} Mi`
}
