import { isIP } from 'node:net'
import { isCronSchedule, isTimeZone } from './cron.ts'
import { parseDuration } from './durations.ts'

/** A rule for one scalar that is more than a type: what it accepts, and how to say it to a person. */
export interface Format {
  type: 'string' | 'number'
  validate(value: string | number): boolean
  /** Completes "is not ..." and "Write ...". */
  says: string
}

const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const dns1123Label = new RegExp(`^${DNS_LABEL}$`)
const dns1123Subdomain = new RegExp(`^${DNS_LABEL}(\\.${DNS_LABEL})*$`)
const dns1035Label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const labelName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const quantity = /^[+-]?(\d+(\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/
const dateTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const percent = /^\d+%$/
/** Of variables and of volumes: `validEnvDownwardAPIFieldPathExpressions`, `validVolumeDownwardAPIFieldPathExpressions`. */
const FIELD_PATH =
  /^(metadata\.(name|namespace|uid|labels|annotations|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$/

/** Kubernetes' qualified name: an optional DNS prefix and a slash, then a name. */
function isLabelKey(key: string): boolean {
  const parts = key.split('/')
  const name = parts.pop() ?? ''
  const [prefix] = parts
  if (parts.length > 1 || (prefix !== undefined && !isSubdomain(prefix))) return false
  return name.length <= 63 && labelName.test(name)
}

function isSubdomain(name: string): boolean {
  return name.length <= 253 && dns1123Subdomain.test(name)
}

function isPortName(name: string): boolean {
  return name.length <= 15 && dns1123Label.test(name) && /[a-z]/.test(name) && !name.includes('--')
}

function isConfigMapKey(key: string): boolean {
  return key.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(key) && key !== '.' && !key.startsWith('..')
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/')
  const version = isIP(address)
  return version !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

function isDate(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

function text(says: string, validate: (value: string) => boolean): Format {
  return { type: 'string', says, validate: (value) => typeof value !== 'string' || validate(value) }
}

function number(says: string, validate: (value: number) => boolean): Format {
  return { type: 'number', says, validate: (value) => typeof value !== 'number' || validate(value) }
}

/**
 * The formats of the bundle: OpenAPI's, and those that the overlay names. The rules for names are those of
 * k8s.io/apimachinery `pkg/util/validation`, for quantities those of its `pkg/api/resource`.
 */
export const formats: Record<string, Format> = {
  int32: number('a whole number of 32 bits (at most 2147483647)', (value) => value >= -(2 ** 31) && value < 2 ** 31),
  int64: number('a whole number of 64 bits', (value) => value >= -(2 ** 63) && value <= 2 ** 63),
  double: number('a number', Number.isFinite),
  'date-time': text(
    'a time such as 2026-11-21T04:05:06Z',
    (value) => dateTime.test(value) && !Number.isNaN(Date.parse(value)),
  ),
  date: text('a day such as 2026-11-21', isDate),
  duration: text('a duration such as 1h30m, 10s or 2 days', (value) => parseDuration(value) !== undefined),
  'cron-schedule': text(
    'a schedule of five fields (minute, hour, day of month, month, day of week) such as 30 4 * * 1-5, or @daily',
    isCronSchedule,
  ),
  'time-zone': text('a time zone such as Europe/Berlin or Etc/UTC', isTimeZone),
  'field-path': text('a field that a pod may read of itself, such as metadata.name or status.podIP', (value) =>
    FIELD_PATH.test(value),
  ),
  byte: text('base64', (value) => base64.test(value.replace(/[\r\n]/g, ''))),
  quantity: text('a quantity such as 250m, 2, 256Mi or 1.5Gi', (value) => quantity.test(value)),
  'quantity-not-negative': text(
    'a quantity of zero or more such as 250m, 2, 256Mi or 1.5Gi',
    (value) => quantity.test(value) && !/^-.*[1-9]/.test(value),
  ),
  percent: text('a whole number or a percentage such as 25%', (value) => percent.test(value)),
  'percent-of-all': text(
    'a whole number or a percentage such as 25%, at most 100%',
    (value) => percent.test(value) && Number.parseInt(value, 10) <= 100,
  ),
  'dns1123-label': text(
    'a name of at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends',
    (value) => value.length <= 63 && dns1123Label.test(value),
  ),
  // Where Go reads an empty text as none.
  'optional-dns1123-label': text(
    'a name of at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends',
    (value) => value === '' || (value.length <= 63 && dns1123Label.test(value)),
  ),
  'optional-dns1123-subdomain': text(
    'a name of at most 253 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends of each part',
    (value) => value === '' || isSubdomain(value),
  ),
  'dns1035-label': text(
    'a name of at most 63 lower-case letters, digits and hyphens that starts with a letter and does not end in a hyphen',
    (value) => value.length <= 63 && dns1035Label.test(value),
  ),
  'dns1123-subdomain': text(
    'a name of at most 253 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends of each part',
    isSubdomain,
  ),
  'path-segment': text(
    'a name without "/" and "%" that is not "." or ".."',
    (value) => value !== '' && value !== '.' && value !== '..' && !/[/%]/.test(value),
  ),
  'label-key': text(
    'a label key such as app or app.kubernetes.io/name (the name has at most 63 characters)',
    isLabelKey,
  ),
  'label-value': text(
    'a label value: at most 63 letters, digits, ".", "_" and "-", with a letter or digit at both ends',
    (value) => value === '' || (value.length <= 63 && labelName.test(value)),
  ),
  'annotation-key': text('an annotation key such as example.com/note (the name has at most 63 characters)', (value) =>
    isLabelKey(value.toLowerCase()),
  ),
  'port-name': text(
    'a port name: at most 15 lower-case letters, digits and single hyphens, with at least one letter and no hyphen at the ends',
    isPortName,
  ),
  'environment-variable': text('the name of an environment variable (printable ASCII without "=")', (value) =>
    /^[ -<>-~]+$/.test(value),
  ),
  'config-map-key': text('a ConfigMap key: at most 253 letters, digits, ".", "_" and "-"', isConfigMapKey),
  ipv4: text('an IPv4 address', (value) => isIP(value) === 4),
  ipv6: text('an IPv6 address', (value) => isIP(value) === 6),
  cidr: text('an address block such as 10.0.0.0/8', isCidr),
}
