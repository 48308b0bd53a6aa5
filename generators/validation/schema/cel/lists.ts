import { spend } from './budget.ts'
import { Refusal } from './refusal.ts'

/** A value of ours that knows what is equal to it. */
interface Comparable {
  equals(other: unknown): boolean
}

const MAX_INT = 2n ** 63n - 1n

/** Less than, equal to or more than zero, of two items of a type that has an order. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  const [mine, others] = [ordered(a), ordered(b)]
  return mine < others ? -1 : mine > others ? 1 : 0
}

function ordered(value: unknown): number | bigint {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  if (value instanceof Date) return value.getTime()
  if (isDuration(value)) return value.seconds * 1_000_000_000n + BigInt(value.nanos)
  throw new Error('a list holds what has no order here')
}

function isDuration(value: unknown): value is { seconds: bigint; nanos: number } {
  return typeof value === 'object' && value !== null && typeof (value as { seconds?: unknown }).seconds === 'bigint'
}

/** CEL's equality: of numbers by value whatever their type, of lists and maps by what they hold. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  // biome-ignore lint/suspicious/noDoubleEquals: 1 is 1n
  if (isNumber(a) && isNumber(b)) return a == b
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]))
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if ('equals' in a && typeof a.equals === 'function') return (a as Comparable).equals(b)
  if (a instanceof Uint8Array || a instanceof Date || isDuration(a)) {
    return a.constructor === b.constructor && compare(a, b) === 0
  }
  if (Array.isArray(a) || Array.isArray(b)) return false
  const [mine, others] = [entriesOf(a), entriesOf(b)]
  return mine.size === others.size && [...mine].every(([key, item]) => others.has(key) && equal(item, others.get(key)))
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function entriesOf(value: object): Map<unknown, unknown> {
  return value instanceof Map ? value : new Map(Object.entries(value))
}

/** @throws Refusal for an empty list */
export function extreme(items: readonly unknown[], which: 'min' | 'max'): unknown {
  if (items.length === 0) throw new Refusal(`${which} called on empty list`)
  const sign = which === 'min' ? 1 : -1
  return items.reduce((best, item) => (compare(best, item) * sign > 0 ? item : best))
}

export function isSorted(items: readonly unknown[]): boolean {
  return items.every((item, index) => index === 0 || compare(items[index - 1], item) <= 0)
}

export function sum(items: readonly unknown[]): number | bigint {
  if (items.every((item) => typeof item === 'bigint')) {
    const total = items.reduce((so, item) => so + item, 0n)
    if (total > MAX_INT || total < -MAX_INT - 1n) throw new Refusal('integer overflow')
    return total
  }
  if (!items.every(isNumber)) throw new Error('only numbers are summed here')
  return items.reduce<number>((so, item) => so + Number(item), 0)
}

export function slice(items: readonly unknown[], start: bigint, end: bigint): unknown[] {
  if (start < 0n || end < start || end > BigInt(items.length)) throw new Refusal(`cannot slice(${start}, ${end})`)
  return items.slice(Number(start), Number(end))
}

export function flatten(items: readonly unknown[], depth: bigint): unknown[] {
  if (depth < 0n) throw new Refusal('level must be non-negative')
  return items.flat(Number(depth))
}

export function distinct(items: readonly unknown[]): unknown[] {
  spend(items.length ** 2)
  return items.filter((item, index) => items.findIndex((other) => equal(item, other)) === index)
}

/** Whether each of the second list is in the first. */
export function includesAll(items: readonly unknown[], others: readonly unknown[]): boolean {
  spend(items.length * others.length)
  return others.every((other) => items.some((item) => equal(item, other)))
}

export function intersects(items: readonly unknown[], others: readonly unknown[]): boolean {
  spend(items.length * others.length)
  return others.some((other) => items.some((item) => equal(item, other)))
}
