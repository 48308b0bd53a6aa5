import { formats } from '../formats.ts'
import { isRequestUri } from './url.ts'

/** One of the formats that rules may name: `format.dns1123Label()`. */
export class NamedFormat {
  readonly name: string
  readonly accepts: (text: string) => boolean

  constructor(name: string, accepts: (text: string) => boolean) {
    this.name = name
    this.accepts = accepts
  }

  equals(other: unknown): boolean {
    return other instanceof NamedFormat && other.name === this.name
  }
}

const is = (format: string) => (text: string) => formats[format]?.validate(text) === true
/** What a name is made from may end in a hyphen. */
const prefix = (format: string) => (text: string) => is(format)(text.length > 1 ? text.replace(/.-$/, 'a') : text)

const UUID = /^[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}$/i
const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(.\d+)?(z|[+-]\d\d:\d\d)$/

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const date = new Date(text)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t')
  return isDate(date) && TIME.test(time)
}

const CHECKS: Record<string, (text: string) => boolean> = {
  dns1123Label: is('dns1123-label'),
  dns1123Subdomain: is('dns1123-subdomain'),
  dns1035Label: is('dns1035-label'),
  qualifiedName: is('label-key'),
  dns1123LabelPrefix: prefix('dns1123-label'),
  dns1123SubdomainPrefix: prefix('dns1123-subdomain'),
  dns1035LabelPrefix: prefix('dns1035-label'),
  labelValue: is('label-value'),
  uri: isRequestUri,
  uuid: (text) => UUID.test(text),
  byte: (text) => text !== '' && !/[\r\n]/.test(text) && is('byte')(text),
  date: isDate,
  datetime: isDateTime,
}

/** By the names that rules use. */
export const NAMED_FORMATS: ReadonlyMap<string, NamedFormat> = new Map(
  Object.entries(CHECKS).map(([name, accepts]) => [name, new NamedFormat(name, accepts)]),
)
