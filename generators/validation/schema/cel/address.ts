import { isIP } from 'node:net'

/** An address as a number, with 32 or 128 bits. */
export class Address {
  readonly family: 4 | 6
  readonly value: bigint

  constructor(family: 4 | 6, value: bigint) {
    this.family = family
    this.value = value
  }

  get bits(): number {
    return this.family === 4 ? 32 : 128
  }

  equals(other: unknown): boolean {
    return other instanceof Address && other.family === this.family && other.value === this.value
  }

  isIn(block: string): boolean {
    return parseBlock(block)?.contains(this) ?? false
  }

  /** In the one form that is canonical (RFC 5952). */
  toString(): string {
    if (this.family === 4) return parts(this.value, 4, 8).join('.')
    const groups = parts(this.value, 8, 16).map((group) => group.toString(16))
    const runs = [...groups.join(':').matchAll(/\b0(?::0)+\b/g)].map(([run]) => run)
    const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '')
    if (longest === '') return groups.join(':')
    return groups.join(':').replace(new RegExp(`(^|:)${longest}(:|$)`), '::')
  }
}

/** An address with the number of its bits that name a network. */
export class Block {
  readonly address: Address
  readonly length: number

  constructor(address: Address, length: number) {
    this.address = address
    this.length = length
  }

  masked(): Block {
    const rest = BigInt(this.address.bits - this.length)
    return new Block(new Address(this.address.family, (this.address.value >> rest) << rest), this.length)
  }

  contains(address: Address): boolean {
    if (address.family !== this.address.family) return false
    const rest = BigInt(address.bits - this.length)
    return address.value >> rest === this.address.value >> rest
  }

  covers(other: Block): boolean {
    return this.length <= other.length && this.contains(other.address)
  }

  equals(other: unknown): boolean {
    return other instanceof Block && other.length === this.length && other.address.equals(this.address)
  }

  toString(): string {
    return `${this.address}/${this.length}`
  }
}

/** Undefined for what Kubernetes' CEL takes for no address: those with a zone, and IPv4 written as IPv6, among them. */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text)
  if (family === 4) return new Address(4, joined(text.split('.').map(Number), 8))
  if (family !== 6 || text.includes('%')) return undefined
  const value = joined(groupsOf(text), 16)
  return value >> 32n === 0xffffn ? undefined : new Address(6, value)
}

export function parseBlock(text: string): Block | undefined {
  const [, start = '', length = ''] = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  const address = parseAddress(start)
  return address && Number(length) <= address.bits ? new Block(address, Number(length)) : undefined
}

/** The eight numbers of a valid IPv6 address; its last two may be written as IPv4. */
function groupsOf(text: string): number[] {
  const tail = text.slice(text.lastIndexOf(':') + 1)
  const [a = 0, b = 0, c = 0, d = 0] = tail.split('.').map(Number)
  const hex = tail.includes('.')
    ? text.slice(0, -tail.length) + [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(':')
    : text
  const [before = [], after = []] = hex
    .split('::')
    .map((side) => (side === '' ? [] : side.split(':').map((group) => Number.parseInt(group, 16))))
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function joined(numbers: readonly number[], width: number): bigint {
  return numbers.reduce((value, number) => (value << BigInt(width)) | BigInt(number), 0n)
}

function parts(value: bigint, count: number, width: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    Number((value >> BigInt((count - 1 - index) * width)) & ((1n << BigInt(width)) - 1n)),
  )
}

/** What an address is for, as Go's `net/netip` says it. */
export const isUnspecified = ({ value }: Address) => value === 0n
export const isLoopback = (one: Address) => one.isIn('127.0.0.0/8') || (one.family === 6 && one.value === 1n)
export const isLinkLocalUnicast = (one: Address) => one.isIn('169.254.0.0/16') || one.isIn('fe80::/10')
/** Of IPv6 whatever the flags in the second half of the first byte but one are. */
export const isLinkLocalMulticast = (one: Address) =>
  one.family === 4 ? one.isIn('224.0.0.0/24') : ((one.value >> 112n) & 0xff0fn) === 0xff02n
export const isGlobalUnicast = (one: Address) =>
  !isUnspecified(one) &&
  !(one.family === 4 && one.value === 0xffff_ffffn) &&
  !isLoopback(one) &&
  !one.isIn('224.0.0.0/4') &&
  !one.isIn('ff00::/8') &&
  !isLinkLocalUnicast(one)
