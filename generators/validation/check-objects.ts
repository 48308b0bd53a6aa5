import { type Finding, formatPath, RULES, type Severity } from '../findings/index.ts'
import type { World } from './cluster-scope.ts'
import { mapAt, textAt } from './fields.ts'
import { about, type ManifestObject } from './manifest-objects.ts'
import { type IndexedObject, Scope } from './object-index.ts'
import type { ObjectRule, Problem, Problems } from './object-rule.ts'
import { POLICY_RULES } from './policy/index.ts'
import { REFERENCE_RULES } from './references/index.ts'
import type { RuleOptions } from './rule-options.ts'
import { ruleRunner } from './rule-runner.ts'

/** Every rule about objects and what they say of each other. */
export const OBJECT_RULES: readonly ObjectRule[] = [...REFERENCE_RULES, ...POLICY_RULES]

export interface ObjectCheckOptions {
  world: World
  /** Version of Kubernetes that the objects are for, such as `1.36`. The newest known by default. */
  kubernetes?: string
  rules?: readonly ObjectRule[]
  ruleOptions?: RuleOptions
}

/** The newest version whose removed APIs are known. */
const NEWEST_MINOR = 36

/** References and policy of objects, in one pass over one index; pure. Findings are in the order of groups and objects. */
export function checkObjects(objects: readonly ManifestObject[], options: ObjectCheckOptions): Finding[] {
  const { world, rules = OBJECT_RULES, ruleOptions = {} } = options
  if (rules.length === 0) return []
  const groupOf = world.grouping(objects)
  const scopes = new Map<string, Scope>()
  for (const object of objects) {
    const group = groupOf(object.file)
    let scope = scopes.get(group)
    if (!scope) {
      scope = new Scope({ closed: world.isClosed, minor: minorOf(options.kubernetes), rules: ruleOptions })
      scopes.set(group, scope)
    }
    scope.add(object)
  }
  const findings: Finding[] = []
  const run = ruleRunner(rules, (rule, object, problems) => report(findings, rule, object, problems))
  for (const scope of scopes.values()) for (const object of scope.objects) if (!object.isUnknown) run(object)
  return findings
}

function minorOf(version: string | undefined): number {
  const minor = /^v?1\.(\d+)/.exec(version ?? '')?.[1]
  return minor === undefined ? NEWEST_MINOR : Number(minor)
}

function report(findings: Finding[], rule: ObjectRule, object: IndexedObject, problems: NonNullable<Problems>): void {
  const list = Array.isArray(problems) ? problems : [problems as Problem]
  if (list.length === 0) return
  const severity = severityOf(rule, object)
  for (const problem of list) {
    findings.push({
      rule: rule.rule,
      severity,
      message: problem.message,
      file: object.source.file,
      line: object.source.lineOf(problem.path) ?? 1,
      path: formatPath(problem.path),
      ...about(object.source),
      fix: problem.fix ?? RULES[rule.rule].repair,
    })
  }
}

function severityOf(rule: ObjectRule, { namespace, scope }: IndexedObject): Severity {
  if (rule.mayBeElsewhere) return scope.options.closed ? rule.severity : 'warning'
  if (!rule.podSecurity || rule.severity === 'error') return rule.severity
  const labels = mapAt(scope.find('Namespace', '', namespace)?.metadata ?? {}, 'labels')
  const level = textAt(labels, 'pod-security.kubernetes.io/enforce')
  return level === 'restricted' || level === rule.podSecurity ? 'error' : rule.severity
}
