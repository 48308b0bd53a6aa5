/** What the JSON Schemas of definitions and files share, with the words that a message uses for each pattern. */

export function object(required: Record<string, object>, optional: Record<string, object> = {}) {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  }
}

export function text(pattern: string, description: string, maxLength = 253) {
  return { type: 'string', pattern, description, maxLength }
}

export const NAME = '^[a-z]([a-z0-9-]*[a-z0-9])?$'
export const NAME_WORDS = 'a name of lower-case letters, digits and "-" that starts with a letter'
/** Bounded, so that one value has few spellings. */
export const AMOUNT = '(?:\\d{1,9}(?:\\.\\d{1,6})?|\\.\\d{1,6})'
export const address = text('^https?://[^/?#@\\s]+([/?]\\S*)?$', 'an address without a password, https://...')
export const words = { type: 'string', minLength: 1 }
export const modelName = text(NAME, NAME_WORDS, 52)
export const label = text('^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$', 'a Kubernetes label value', 63)
export const cpu = text(`^(\\d{1,9}m|${AMOUNT})$`, 'a CPU quantity such as 250m or 2')
export const memory = text('^\\d{1,12}(Ki|Mi|Gi)$', 'a memory quantity such as 256Mi or 1Gi')
export const duration = text(`^${AMOUNT}(ms|s|m|h|d)$`, 'a duration such as 25ms, 30s or 24h')
export const percentage = text(`^${AMOUNT}%$`, 'a percentage such as 2%')
export const sha256 = text('^[0-9a-f]{64}$', 'a SHA-256 digest of 64 hexadecimal digits')
export const instant = text(
  '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:\\d{2})$',
  'a time with its offset, such as 2026-11-21T08:30:00Z',
)
const NAME_PART = '[a-z0-9]+(?:[._-]+[a-z0-9]+)*'
/** As registries take it: https://github.com/distribution/reference */
export const image = text(
  `^(?:[A-Za-z0-9.-]+(?::\\d{1,5})?/)?${NAME_PART}(?:/${NAME_PART})*(?::\\w[\\w.-]{0,127})?@sha256:[0-9a-f]{64}$`,
  'an image by digest, registry/name@sha256:<64 hexadecimal digits>',
  512,
)
/** A registry, or the beginning of a repository's name in one. */
export const imageRegistry = text(
  `^[A-Za-z0-9.-]+(?::\\d{1,5})?(?:/${NAME_PART})*$`,
  'a registry or a part of one, such as ghcr.io/example',
)
export const version = text('^\\d+\\.\\d+\\.\\d+$', 'a version of three parts such as 1.5.0')
export const reference = text(
  '^\\d+\\.\\d+\\.\\d+(-[0-9a-f]{8}(@sha256:[0-9a-f]{64})?)?$',
  'a version such as 1.5.0 or a release such as 1.5.0-8f3c2a9d@sha256:<64 hexadecimal digits>',
)
const count = { type: 'integer', minimum: 1, maximum: 100_000 }
export const replicas = object({ min: count, max: count })
export const gpus = { type: 'integer', minimum: 1, maximum: 64 }
export const resources = object({ cpu, memory }, { cpuLimit: cpu, gpu: gpus })
