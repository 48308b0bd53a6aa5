/** What a team may set of a rule beside its severity; without it the rule keeps to what its description says. */
export interface RuleOptions {
  'single-replica'?: { minimum?: number }
  'autoscaler-minimum'?: { minimum?: number }
  'label-required'?: { labels?: string[] }
  'annotation-required'?: { annotations?: string[] }
  'image-registry'?: { allowed?: string[] }
}

const minimum = { type: 'integer', minimum: 1 }
const names = { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 }

/** JSON Schema of the options of each rule that has any. */
export const RULE_OPTIONS: Record<keyof RuleOptions, Record<string, object>> = {
  'single-replica': { minimum },
  'autoscaler-minimum': { minimum },
  'label-required': { labels: names },
  'annotation-required': { annotations: names },
  'image-registry': { allowed: names },
}
