import type { Finding, RuleId } from '../findings/index.ts'

/** Errors that mean a refusal by the API server. One of policy is of another matter, though it be at the same field. */
const REFUSALS: ReadonlySet<RuleId> = new Set<RuleId>([
  'api-removed',
  'api-unknown',
  'autoscaler-range',
  'disruption-budget-ambiguous',
  'extended-resource',
  'limit-below-request',
  'name-duplicate',
  'probe-threshold',
  'resource-rule-broken',
  'restart-policy',
  'rollout-stuck',
  'schema-invalid',
  'selector-mismatch',
  'service-port-name',
  'volume-missing',
])

/**
 * Without what a second layer says of the same place: items of a list that are the same by its schema and by rules of pods, a
 * version that is gone and therefore not served, and a refusal for a value that the schema refuses already.
 */
export function toldOnce(findings: readonly Finding[]): Finding[] {
  const told = new Set<string>()
  const removed = new Set(findings.filter(({ rule }) => rule === 'api-removed').map(objectOf))
  const invalid = new Map<string, string[]>()
  for (const finding of findings) {
    if (finding.rule !== 'schema-invalid' || finding.path === undefined) continue
    invalid.set(objectOf(finding), [...(invalid.get(objectOf(finding)) ?? []), finding.path])
  }
  return findings.filter((finding) => {
    const { rule, path } = finding
    if (rule === 'api-unknown') return !removed.has(objectOf(finding))
    if (rule !== 'schema-invalid' && REFUSALS.has(rule) && path !== undefined) {
      if (invalid.get(objectOf(finding))?.some((outer) => isWithin(path, outer))) return false
    }
    if (rule !== 'name-duplicate') return true
    const place = `${objectOf(finding)} ${itemOf(path)}`
    return !told.has(place) && told.add(place)
  })
}

/** The item of a list that a finding of `name-duplicate` is about, which may stand at a field of it. */
export function itemOf(path = ''): string {
  return path.slice(0, path.lastIndexOf(']') + 1)
}

/**
 * Without the refusals of an API server that errors of ours say already, at the same line and field: ours have a repair. What it
 * says of an object as a whole, as admission policies do, is never left out.
 */
export function withoutEchoes(findings: readonly Finding[]): Finding[] {
  if (!findings.some(isRefusal)) return [...findings]
  const ours = new Map<string, Finding[]>()
  for (const finding of findings) {
    if (finding.severity !== 'error' || !REFUSALS.has(finding.rule)) continue
    ours.set(objectOf(finding), [...(ours.get(objectOf(finding)) ?? []), finding])
  }
  return findings.filter((finding) => {
    return !isRefusal(finding) || !ours.get(objectOf(finding))?.some((own) => isAtPlaceOf(own, finding))
  })
}

function isRefusal({ rule }: Finding): boolean {
  return rule === 'server-refused' || rule === 'api-server-refused'
}

function objectOf({ file, object }: Finding): string {
  return `${file} ${object}`
}

function isAtPlaceOf({ rule, path: own, line }: Finding, { path, line: refused }: Finding): boolean {
  if (own === undefined || path === undefined) return false
  if (rule === 'name-duplicate' && itemOf(own) === path) return true
  // On one line there may be several fields: `{ a: 1, b: 2 }`.
  return line === refused && (isWithin(own, path) || isWithin(path, own))
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`)
}
