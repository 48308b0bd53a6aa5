import { type Environment, Optional } from '@marcbachmann/cel-js'
import {
  Address,
  Block,
  isGlobalUnicast,
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isLoopback,
  isUnspecified,
  parseAddress,
  parseBlock,
} from './address.ts'
import { compare, distinct, equal, extreme, flatten, includesAll, intersects, isSorted, slice, sum } from './lists.ts'
import { NAMED_FORMATS, NamedFormat } from './named-formats.ts'
import { addOptional } from './optional.ts'
import { integerOf, parseQuantity, Quantity } from './quantity.ts'
import { orRefuse, Refusal } from './refusal.ts'
import { findAll } from './regex.ts'
import { compareVersions, parseVersion, type Version } from './semver.ts'
import { addTimes } from './times.ts'
import { hostnameOf, isRequestUri, parseUrl, portOf, queryOf, type Url } from './url.ts'

/**
 * What Kubernetes adds to CEL (k8s.io/apiserver `pkg/cel/library`, and of cel-go's extensions sets, lists and a part of strings).
 * https://kubernetes.io/docs/reference/using-api/cel/#cel-options-language-features-and-libraries
 * Not here, so that a rule with them is a "could not check": comprehensions of two variables, `sortBy`, `format` of strings, and
 * `authorizer`, which rules of CustomResourceDefinitions do not have.
 */
export function addLibraries(environment: Environment): Environment {
  for (const add of [
    addQuantity,
    addAddresses,
    addUrl,
    addRegex,
    addLists,
    addFormats,
    addSemver,
    addTimes,
    addOptional,
  ]) {
    add(environment)
  }
  return environment
}

function addQuantity(environment: Environment): void {
  const type = 'kubernetes.Quantity'
  const read = (text: string) => orRefuse(parseQuantity(text), `"${text}" is no quantity`)
  environment
    .registerType(type, Quantity)
    .registerFunction(`quantity(string): ${type}`, read)
    .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
    .registerFunction(`sign(${type}): int`, (one: Quantity) => one.sign)
    .registerFunction(`${type}.isInteger(): bool`, (one: Quantity) => one.asInteger() !== undefined)
    .registerFunction(`${type}.asInteger(): int`, integerOf)
    .registerFunction(`${type}.asApproximateFloat(): double`, (one: Quantity) => one.asFloat())
    .registerFunction(`${type}.add(${type}): ${type}`, (one: Quantity, other: Quantity) => one.add(other))
    .registerFunction(`${type}.add(int): ${type}`, (one: Quantity, other: bigint) => one.add(new Quantity(other)))
    .registerFunction(`${type}.sub(${type}): ${type}`, (one: Quantity, other: Quantity) => one.add(other.negated()))
    .registerFunction(`${type}.sub(int): ${type}`, (one: Quantity, other: bigint) => one.add(new Quantity(-other)))
    .registerOperator(`${type} == ${type}`, (one: Quantity, other: Quantity) => one.compareTo(other) === 0n)
  addOrder<Quantity>(environment, type, (one, other) => one.compareTo(other))
}

function addOrder<T>(environment: Environment, type: string, order: (one: T, other: T) => bigint): void {
  environment
    .registerFunction(`${type}.compareTo(${type}): int`, order)
    .registerFunction(`${type}.isLessThan(${type}): bool`, (one: T, other: T) => order(one, other) < 0n)
    .registerFunction(`${type}.isGreaterThan(${type}): bool`, (one: T, other: T) => order(one, other) > 0n)
}

function addAddresses(environment: Environment): void {
  const [ip, cidr] = ['net.IP', 'net.CIDR']
  const address = (text: string) => orRefuse(parseAddress(text), `"${text}" is no IP address`)
  const block = (text: string) => orRefuse(parseBlock(text), `"${text}" is no CIDR`)
  environment
    .registerType(ip, Address)
    .registerType(cidr, Block)
    .registerFunction(`ip(string): ${ip}`, address)
    .registerFunction('isIP(string): bool', (text: string) => parseAddress(text) !== undefined)
    .registerFunction(`string(${ip}): string`, String)
    .registerFunction(`${ip}.family(): int`, ({ family }: Address) => BigInt(family))
    .registerOperator(`${ip} == ${ip}`, (one: Address, other: Address) => one.equals(other))
    .registerFunction(`cidr(string): ${cidr}`, block)
    .registerFunction('isCIDR(string): bool', (text: string) => parseBlock(text) !== undefined)
    .registerFunction(`string(${cidr}): string`, String)
    .registerFunction(`${cidr}.ip(): ${ip}`, (one: Block) => one.address)
    .registerFunction(`${cidr}.masked(): ${cidr}`, (one: Block) => one.masked())
    .registerFunction(`${cidr}.prefixLength(): int`, ({ length }: Block) => BigInt(length))
    .registerFunction(`${cidr}.containsIP(${ip}): bool`, (one: Block, other: Address) => one.contains(other))
    .registerFunction(`${cidr}.containsIP(string): bool`, (one: Block, text: string) => one.contains(address(text)))
    .registerFunction(`${cidr}.containsCIDR(${cidr}): bool`, (one: Block, other: Block) => one.covers(other))
    .registerFunction(`${cidr}.containsCIDR(string): bool`, (one: Block, text: string) => one.covers(block(text)))
    .registerOperator(`${cidr} == ${cidr}`, (one: Block, other: Block) => one.equals(other))
  const are = { isUnspecified, isLoopback, isLinkLocalMulticast, isLinkLocalUnicast, isGlobalUnicast }
  for (const [name, is] of Object.entries(are)) environment.registerFunction(`${ip}.${name}(): bool`, is)
  addNamespace(environment, 'ip', {
    'isCanonical(string): bool': (text: string) => String(address(text)) === text,
  })
}

function addUrl(environment: Environment): void {
  const type = 'kubernetes.URL'
  class Parsed {
    readonly url: Url
    constructor(url: Url) {
      this.url = url
    }
  }
  environment
    .registerType(type, Parsed)
    .registerFunction(`url(string): ${type}`, (text: string) => {
      return new Parsed(orRefuse(parseUrl(text), `"${text}" is no URL`))
    })
    .registerFunction('isURL(string): bool', isRequestUri)
    .registerFunction(`${type}.getScheme(): string`, ({ url }: Parsed) => url.scheme)
    .registerFunction(`${type}.getHost(): string`, ({ url }: Parsed) => url.host)
    .registerFunction(`${type}.getHostname(): string`, ({ url }: Parsed) => hostnameOf(url))
    .registerFunction(`${type}.getPort(): string`, ({ url }: Parsed) => portOf(url))
    .registerFunction(`${type}.getEscapedPath(): string`, ({ url }: Parsed) => url.path)
    .registerFunction(`${type}.getQuery(): map<string, list<string>>`, ({ url }: Parsed) => queryOf(url))
    .registerOperator(`${type} == ${type}`, (one: Parsed, other: Parsed) => one.url.text === other.url.text)
}

function addRegex(environment: Environment): void {
  environment
    .registerFunction('string.find(string): string', (text: string, pattern: string) => {
      return findAll(text, pattern, 1)[0] ?? ''
    })
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) => findAll(text, pattern))
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, most: bigint) => {
      const all = findAll(text, pattern)
      return most < 0n ? all : all.slice(0, Number(most))
    })
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) => {
      const characters = [...text]
      if (index < 0n || index > BigInt(characters.length)) throw new Refusal(`index ${index} out of range`)
      return characters[Number(index)] ?? ''
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) => {
      return text.replaceAll(from, () => to)
    })
}

type List = readonly unknown[]

/** The API server stops a rule that costs too much; an object has no longer list. */
const MAX_RANGE = 100_000n

function addLists(environment: Environment): void {
  environment
    .registerFunction('list.isSorted(): bool', isSorted)
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', (items: List) => extreme(items, 'min'))
    .registerFunction('list.max(): dyn', (items: List) => extreme(items, 'max'))
    .registerFunction('list.indexOf(dyn): int', (items: List, wanted: unknown) => {
      return BigInt(items.findIndex((item) => equal(item, wanted)))
    })
    .registerFunction('list.lastIndexOf(dyn): int', (items: List, wanted: unknown) => {
      return BigInt(items.findLastIndex((item) => equal(item, wanted)))
    })
    .registerFunction('list.slice(int, int): list', slice)
    .registerFunction('list.flatten(): list', (items: List) => flatten(items, 1n))
    .registerFunction('list.flatten(int): list', flatten)
    .registerFunction('list.distinct(): list', distinct)
    .registerFunction('list.reverse(): list', (items: List) => [...items].reverse())
    .registerFunction('list.sort(): list', (items: List) => [...items].sort(compare))
  addNamespace(environment, 'lists', {
    'range(int): list<int>': (length: bigint) => {
      if (length > MAX_RANGE) throw new Error(`a list of ${length} numbers is not made here`)
      return Array.from({ length: Number(length) }, (_, index) => BigInt(index))
    },
  })
  addNamespace(environment, 'sets', {
    'contains(list, list): bool': includesAll,
    'intersects(list, list): bool': intersects,
    'equivalent(list, list): bool': (a: List, b: List) => includesAll(a, b) && includesAll(b, a),
  })
}

function addFormats(environment: Environment): void {
  const type = 'kubernetes.NamedFormat'
  environment
    .registerType(type, NamedFormat)
    .registerFunction(
      `${type}.validate(string): optional<list<string>>`,
      ({ name, accepts }: NamedFormat, text: string) => {
        return accepts(text) ? Optional.none() : Optional.of([`"${text}" is not of the format ${name}`])
      },
    )
    .registerOperator(`${type} == ${type}`, (one: NamedFormat, other: NamedFormat) => one.equals(other))
  const constants = [...NAMED_FORMATS].map(([name, format]) => [`${name}(): ${type}`, () => format] as const)
  addNamespace(environment, 'format', {
    ...Object.fromEntries(constants),
    [`named(string): optional<${type}>`]: (name: string) => {
      const format = NAMED_FORMATS.get(name)
      return format ? Optional.of(format) : Optional.none()
    },
  })
}

function addSemver(environment: Environment): void {
  const type = 'kubernetes.Semver'
  class Parsed {
    readonly version: Version
    constructor(version: Version) {
      this.version = version
    }
  }
  const read = (text: string, normalize = false) =>
    new Parsed(orRefuse(parseVersion(text, normalize), `"${text}" is no version`))
  const order = (one: Parsed, other: Parsed) => compareVersions(one.version, other.version)
  environment
    .registerType(type, Parsed)
    .registerFunction(`semver(string): ${type}`, (text: string) => read(text))
    .registerFunction(`semver(string, bool): ${type}`, read)
    .registerFunction('isSemver(string): bool', (text: string) => parseVersion(text) !== undefined)
    .registerFunction('isSemver(string, bool): bool', (text: string, normalize: boolean) => {
      return parseVersion(text, normalize) !== undefined
    })
    .registerFunction(`${type}.major(): int`, ({ version }: Parsed) => BigInt.asIntN(64, version.numbers[0]))
    .registerFunction(`${type}.minor(): int`, ({ version }: Parsed) => BigInt.asIntN(64, version.numbers[1]))
    .registerFunction(`${type}.patch(): int`, ({ version }: Parsed) => BigInt.asIntN(64, version.numbers[2]))
    .registerOperator(`${type} == ${type}`, (one: Parsed, other: Parsed) => order(one, other) === 0n)
  addOrder(environment, type, order)
}

/** Functions with a name before the point: `sets.contains(a, b)`. */
function addNamespace(
  environment: Environment,
  name: string,
  functions: Record<string, (...args: never[]) => unknown>,
): void {
  class Namespace {}
  const type = `kubernetes.namespace.${name}`
  environment.registerType(type, Namespace)
  for (const [signature, handler] of Object.entries(functions)) {
    environment.registerFunction(`${type}.${signature}`, (_: Namespace, ...args: unknown[]) =>
      handler(...(args as never[])),
    )
  }
  environment.registerConstant(name, type, new Namespace())
}
