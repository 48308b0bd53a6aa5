import { type DocumentPath, type Finding, formatPath, RULES, type RuleId, type Severity } from '../../findings/index.ts'
import { about, kubernetesObject, type ManifestObject } from '../manifest-objects.ts'
import { documentPath } from './field-path.ts'

/** Kubernetes' `meta/v1 Status`, as far as it is read. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface Status {
  message?: string
  reason?: string
  details?: { kind?: string; name?: string; causes?: { message?: string; field?: string }[] }
}

/** What an API server says to one request. */
export interface Answer {
  code: number
  status: Status
  /** Texts of its `Warning` headers (RFC 7234, 5.5). */
  warnings: string[]
}

interface Said {
  /** In one of the server's notations. */
  field?: string
  message: string
}

/** Messages of what the server could not decide, whatever it answers with; everything else that it does not take, it refuses. */
const UNDECIDED = [
  / cannot (?:create|patch|get) resource /,
  /does not support dry run/,
  /failed calling webhook/,
  /the object has been modified|Operation cannot be fulfilled/,
]

/** What an answer to a dry run says of the object that was sent, each at its line. */
export function answerFindings(object: ManifestObject, { code, status, warnings }: Answer): Finding[] {
  const told = warnings.map((warning) => serverFinding(object, 'server-warning', 'warning', fieldFirst(warning)))
  if (code < 300) return told
  const message = status.message ?? `HTTP status ${code}`
  const isTyped = message.startsWith(TYPED)
  const undecided = UNDECIDED.some((pattern) => pattern.test(message)) || code === 401 || code === 429
  if (undecided || (code >= 500 && !isTyped)) return [...told, uncheckedFinding(object, message)]
  const said = isTyped ? ofServerSideApply(message) : ofValidation(message, status)
  return [...told, ...said.map((one) => serverFinding(object, 'server-refused', 'error', one))]
}

export function uncheckedFinding(object: ManifestObject, reason: string): Finding {
  return serverFinding(object, 'server-unchecked', 'warning', { message: `could not check: ${reason}` })
}

/** How server-side apply begins to say what it cannot read; it answers with status 500 then. */
const TYPED = 'failed to create typed patch object'

/** `... : errors:\n  .spec.a: expected string, got ...\n  .spec.b: field not declared in schema`, or one of them on the same line. */
function ofServerSideApply(message: string): Said[] {
  const lines = message.replace(/^.*?\): (?:errors:)?/s, '').split('\n')
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, field, text = line.trim()] =
        /^\s*(\.(?:\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]|[^:[]|:(?! ))*): (.*)$/.exec(line) ?? []
      // The key belongs to the place: the last item that has it is the one too many.
      const [, duplicate = ''] = /^duplicate entries for key (\[.*\])$/.exec(text) ?? []
      return { ...(field !== undefined && { field: field + duplicate }), message: text }
    })
}

function ofValidation(message: string, { details }: Status): Said[] {
  const causes = details?.causes ?? []
  if (causes.length > 0) {
    return causes.map(({ field, message: text = message }) =>
      field === undefined || field === '<nil>' ? { message: text } : { field, message: text },
    )
  }
  const strict = [...message.matchAll(/(?:unknown|duplicate) field "([^"]+)"/g)]
  if (strict.length > 0) return strict.map(([text, field = '']) => ({ field, message: text }))
  const field = /Go struct field \w+\.([\w.]+) of type/.exec(message)?.[1]
  return [{ message, ...(field !== undefined && { field }) }]
}

/** Many a warning begins with the field that it is about; one of a deprecated version names that. */
function fieldFirst(warning: string): Said {
  const [, field, rest = ''] = /^([a-z]\w*(?:[.[][^\s:]*)): (.*)$/s.exec(warning) ?? []
  if (field !== undefined) return { field, message: rest }
  return /^\S+\/v\d\w* \w+ is deprecated|^v1 \w+ is deprecated/.test(warning)
    ? { field: 'apiVersion', message: warning }
    : { message: warning }
}

const MAX_MESSAGE = 600

/** A finding of a rule about a server's answer, at the field that it names. */
export function serverFinding(
  object: ManifestObject,
  rule: RuleId,
  severity: Severity,
  { field, message }: Said,
): Finding {
  const path = field === undefined ? [] : documentPath(field, object.value)
  const line = object.lineOf(path)
  const where = formatPath(path)
  const text = isSecret(object, path) ? 'refused; what the server says of a value in a Secret is not shown' : message
  const shown = text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}...` : text
  return {
    rule,
    severity,
    message: where === '' ? shown : `${where}: ${shown}`,
    file: object.file,
    ...(line === undefined ? {} : { line }),
    ...(where === '' ? {} : { path: where }),
    ...about(object),
    fix: RULES[rule].repair,
  }
}

function isSecret(object: ManifestObject, [top]: DocumentPath): boolean {
  return kubernetesObject(object).kind === 'Secret' && (top === 'data' || top === 'stringData')
}
