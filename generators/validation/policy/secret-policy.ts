import { type Fields, isMap, mapAt, textAt } from '../fields.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'

/** Credentials that stand in Git in the clear. A finding never shows the value. */
export const SECRET_RULES: readonly ObjectRule[] = [
  {
    rule: 'secret-in-git',
    severity: 'error',
    on: 'object',
    kinds: ['Secret'],
    check({ fields }) {
      // SOPS encrypts the values and says so beside them.
      if (isMap(fields['sops'])) return
      return ['data', 'stringData'].flatMap((field) =>
        Object.entries(mapAt(fields, field))
          .filter(
            ([key, value]) => typeof value === 'string' && isSecret(key, field === 'data' ? decoded(value) : value),
          )
          .slice(0, 1)
          .map(([key]) => ({ path: [field, key], message: `${field} holds the value of "${key}" in the clear` })),
      )
    },
  },
  {
    rule: 'secret-in-environment',
    severity: 'error',
    on: 'container',
    needs: ['env'],
    check: ({ name, env }) =>
      env.flatMap(({ item, at }): Problem[] => {
        const variable = textAt(item, 'name') ?? ''
        const value = textAt(item, 'value')
        if (value === undefined || !isCredential(variable, value)) return []
        return [{ path: [...at, 'value'], message: `container "${name}" gets a credential as the text of ${variable}` }]
      }),
  },
  {
    rule: 'secret-in-config-map',
    severity: 'error',
    on: 'object',
    kinds: ['ConfigMap'],
    check: ({ fields }) => credentialsIn(fields),
  },
  {
    rule: 'secret-as-variable',
    severity: 'info',
    on: 'container',
    needs: ['secretKeyRef'],
    check: ({ name, env }) =>
      env
        .filter(({ item }) => isMap(mapAt(item, 'valueFrom')['secretKeyRef']))
        .map(({ item, at }) => ({
          path: [...at, 'valueFrom', 'secretKeyRef'],
          message: `container "${name}" gets a Secret as the variable ${item['name']}, which child processes and dumps see`,
        })),
  },
]

/** Names under which credentials are given; not those that say where one is. */
const CREDENTIAL_NAME =
  /(?:^|[_.-])(?:passw(?:or)?d|passphrase|secret(?:[_.-]?(?:access)?[_.-]?key)?|api[_.-]?key|access[_.-]?token|auth[_.-]?token|token|bearer|private[_.-]?key|client[_.-]?secret|account[_.-]?key|credentials?)$/i
/** What only a credential looks like, whatever its name. */
const CREDENTIAL_VALUES = [
  /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/,
  /\bA(?:KIA|SIA)[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{36,}\b/,
  /\bgithub_pat_[A-Za-z0-9_]{40,}\b/,
  /\bglpat-[A-Za-z0-9_-]{20,}\b/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}\b/,
  /\bhf_[A-Za-z0-9]{30,}\b/,
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"'$]{1,100}:[^\s@/"'$<{]{3,100}@/,
]
/** Values that name something, or stand for one that is filled in: a variable, a path, a switch, a number. */
const HARMLESS_VALUE = /^(?:\$[({].*|<.*>|\{\{.*\}\}|\/.*|file:.*|true|false|yes|no|none|null|\d{1,6})$/i

/** Words that stand for a value that is filled in later. */
const PLACEHOLDER =
  /^(?:x{3,}|\*{3,}|\.{3}|-+|change[-_ ]?(?:me|it|this)|replace[-_ ]?(?:me|this|with).*|to[-_ ]?do.*|your[-_ ].*|(?:insert|put|fill)[-_ ].*|example|placeholder|dummy|redacted|(?:vault|ref\+\w+|op|awssm):.*|<.*>|\$[({].*|\{\{.*\}\}|%.*%)$/i
/** Keys of a Secret that say who or where, beside one that is secret: as Argo CD's repositories and basic authentication have them. */
const PUBLIC_KEY =
  /^(?:ca\.crt|tls\.crt|ca-bundle\.crt|type|kind|name|project|user(?:[-_.]?name)?|url|host(?:[-_.]?name)?|port|server|address|endpoint|region|bucket|database|namespace|email|tenant[-_.]?id|enable[-_]?\w+|insecure\w*)$/i
/** What a certificate is, and a list of them. */
const CERTIFICATES = /^(?:\s*-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----)+\s*$/

/** A value of a Secret, unless it is plainly none: empty, a placeholder, public, or a switch. */
function isSecret(key: string, value: string): boolean {
  const text = value.trim()
  if (text === '' || PLACEHOLDER.test(text) || CERTIFICATES.test(text)) return false
  if (holdsCredential(text)) return true
  return !PUBLIC_KEY.test(key) && !/^(?:true|false|null|none)$/i.test(text)
}

/** Base64; what is none is taken as it is written. */
function decoded(text: string): string {
  const plain = text.replace(/\s/g, '')
  const bytes = Buffer.from(plain, 'base64')
  return bytes.toString('base64').replace(/=+$/, '') === plain.replace(/=+$/, '') ? bytes.toString('utf8') : text
}

/** What every one of them holds: most texts are done with after this. */
const CREDENTIAL_SIGN =
  /PRIVATE KEY|A[KS]IA[0-9A-Z]|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|hf_|eyJ|:\/\/[^\s/"]{3,200}@/

/** What only a credential looks like stands in the text. */
export function holdsCredential(text: string): boolean {
  return CREDENTIAL_SIGN.test(text) && CREDENTIAL_VALUES.some((pattern) => pattern.test(text))
}

function isCredential(name: string, value: string): boolean {
  if (holdsCredential(value)) return true
  const text = value.trim()
  return (
    CREDENTIAL_NAME.test(name) && !HARMLESS_VALUE.test(text) && !PLACEHOLDER.test(text) && !isObjectName(name, text)
  )
}

/** The name of an object that has the credential, as `token: vault-token` or `tls-secret: web`. */
function isObjectName(key: string, value: string): boolean {
  if (value.length > 63 || !/^[a-z]([-a-z0-9.]*[a-z0-9])?$/.test(value)) return false
  if (
    /(?:^|[-.])(?:secrets?|credentials?|creds|tokens?|passwords?|auth|keys?|tls|certs?|login)(?:[-.]|$)/.test(value)
  ) {
    return /[-.]/.test(value)
  }
  // A Secret or credentials are named; a password is not. Letters in words, and no more than an ordinal, are a name.
  return (
    /(?:secret|credentials?)$/i.test(key) &&
    !/client[_.-]?secret$/i.test(key) &&
    /^[a-z]+(?:[-.][a-z]+)*(?:-\d{1,3})?$/.test(value)
  )
}

/** Longer texts are looked at by their beginning: a scan of megabytes would cost more than it finds. */
const LONGEST_TEXT = 20_000

function credentialsIn(map: Fields): Problem[] {
  return Object.entries(mapAt(map, 'data')).flatMap(([key, text]): Problem[] => {
    if (typeof text !== 'string' || text === '' || !isCredential(key, text.slice(0, LONGEST_TEXT))) return []
    return [{ path: ['data', key], message: `"${key}" looks like a credential` }]
  })
}
