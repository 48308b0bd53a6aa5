import { RULE_OPTIONS } from '../rule-options.ts'

const severity = { enum: ['error', 'warning', 'info', 'off'], description: 'error, warning, info or off' }
const texts = {
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
  ],
}

/** A severity alone, or a map with it and the options of the rule. */
function ruleSettings(options: Record<string, object>): object {
  const map = { type: 'object', properties: { severity, ...options }, additionalProperties: false }
  return { if: { type: 'object' }, then: map, else: severity }
}

/** JSON Schema of modelyard.yaml. */
export const configurationSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    baseBranch: { type: 'string', minLength: 1 },
    rules: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(RULE_OPTIONS).map(([rule, options]) => [rule, ruleSettings(options)]),
      ),
      additionalProperties: ruleSettings({}),
    },
    suppressions: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['rule', 'reason'],
        properties: {
          rule: texts,
          files: texts,
          object: { type: 'string', minLength: 1 },
          reason: { type: 'string', pattern: '\\S', description: 'a reason' },
          until: { type: 'string' },
        },
      },
    },
  },
}
