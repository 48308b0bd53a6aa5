import { Refusal } from './refusal.ts'

/** Suffix -> powers of ten; of two for those with `i`. */
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const BINARY: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }

/** Sign, digits, digits behind the point, suffix: Kubernetes takes "1.", ".5" and even "." for numbers. */
const QUANTITY = /^([+-]?)0*(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[+-]?\d*)$/

const MAX_INT = 2n ** 63n - 1n
/** Of a number of 64 bits without doubt. */
const SAFE_DIGITS = 18
const NANO = -9
/** Nobody writes more; the arithmetic of larger ones is not worth the memory. */
const MAX_EXPONENT = 400

/**
 * Kubernetes' `resource.Quantity`, exactly: digits times a power of ten. `isWide` is one that Kubernetes does not keep in 64 bits,
 * which it never takes for a whole number. https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity
 */
export class Quantity {
  readonly digits: bigint
  readonly exponent: number
  readonly isWide: boolean

  constructor(digits: bigint, exponent = 0, isWide = false) {
    this.digits = digits
    this.exponent = exponent
    this.isWide = isWide
  }

  get sign(): bigint {
    return this.digits === 0n ? 0n : this.digits < 0n ? -1n : 1n
  }

  equals(other: unknown): boolean {
    return other instanceof Quantity && this.compareTo(other) === 0n
  }

  compareTo(other: Quantity): bigint {
    const [mine, others] = aligned(this, other)
    return mine === others ? 0n : mine < others ? -1n : 1n
  }

  add(other: Quantity): Quantity {
    if (!this.isWide && !other.isWide) {
      if (other.digits === 0n) return this
      if (this.digits === 0n) return other
    }
    const [mine, others, exponent] = aligned(this, other)
    const sum = mine + others
    const isWide = this.isWide || other.isWide || ![mine, others, sum].every(fits)
    return new Quantity(sum, exponent, isWide)
  }

  negated(): Quantity {
    return new Quantity(-this.digits, this.exponent, this.isWide)
  }

  /** Undefined where Kubernetes does not see a whole number of 64 bits: "1000m" is none to it. */
  asInteger(): bigint | undefined {
    if (this.isWide || this.exponent < 0) return undefined
    if (this.digits !== 0n && this.exponent > SAFE_DIGITS) return undefined
    const value = this.digits === 0n ? 0n : this.digits * 10n ** BigInt(this.exponent)
    return fits(value) ? value : undefined
  }

  asFloat(): number {
    return Number(this.digits) * Number(`1e${this.exponent}`)
  }
}

/** Undefined for a text that is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const [whole, sign, digits = '', fraction = '', suffix = ''] = QUANTITY.exec(text) ?? []
  if (whole === undefined || whole === '') return undefined
  const negative = (quantity: Quantity) => (sign === '-' ? quantity.negated() : quantity)
  const number = BigInt(`${digits}${fraction}` || '0')
  const length = Math.max(digits.length, 1) + fraction.length
  const power = BINARY[suffix]
  if (power !== undefined) return negative(binary(number, power, { length, fraction: fraction.length }))
  const exponent = decimalExponent(suffix)
  if (exponent === undefined) return undefined
  const scale = exponent - fraction.length
  const isWide = length > SAFE_DIGITS || scale < NANO
  return negative(isWide ? inNanos(number, scale) : new Quantity(number, scale))
}

function decimalExponent(suffix: string): number | undefined {
  if (Object.hasOwn(DECIMAL, suffix)) return DECIMAL[suffix]
  return /^[eE][+-]?\d{1,18}$/.test(suffix) ? Number(suffix.slice(1)) : undefined
}

function binary(number: bigint, power: number, { length, fraction }: { length: number; fraction: number }): Quantity {
  const value = number << BigInt(power)
  if (fraction === 0 && length + Math.floor((power * 3) / 10) < 15) return new Quantity(value)
  const rounded = inNanos(value, -fraction)
  const most = new Quantity(MAX_INT, 0, true)
  return rounded.compareTo(most) > 0n ? most : rounded
}

/** What is less than a nano is one more, since who asks for something gets something. */
function inNanos(number: bigint, exponent: number): Quantity {
  const drop = NANO - exponent
  if (number === 0n || drop < -MAX_EXPONENT) return new Quantity(number, exponent, true)
  if (drop <= 0) return new Quantity(number * 10n ** BigInt(-drop), NANO, true)
  if (drop > MAX_EXPONENT + String(number).length) return new Quantity(1n, NANO, true)
  const unit = 10n ** BigInt(drop)
  return new Quantity((number + unit - 1n) / unit, NANO, true)
}

function aligned(a: Quantity, b: Quantity): [bigint, bigint, number] {
  if ([a, b].some(({ exponent }) => Math.abs(exponent) > MAX_EXPONENT))
    throw new Error('a quantity is too large to be compared here')
  const exponent = Math.min(a.exponent, b.exponent)
  const scaled = ({ digits, exponent: own }: Quantity) => digits * 10n ** BigInt(own - exponent)
  return [scaled(a), scaled(b), exponent]
}

function fits(value: bigint): boolean {
  return value <= MAX_INT && value >= -MAX_INT - 1n
}

/** @throws Refusal when Kubernetes would not convert it */
export function integerOf(quantity: Quantity): bigint {
  const value = quantity.asInteger()
  if (value === undefined) throw new Refusal('cannot convert value to integer')
  return value
}
