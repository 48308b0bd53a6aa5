import { type Finding, formatPath, RULES, type Severity } from '../findings/index.ts'
import { mapAt, textAt } from './fields.ts'
import { about, type ManifestObject } from './manifest-objects.ts'
import { type IndexedObject, Scope } from './object-index.ts'
import type { ObjectRule, Problem, Problems } from './object-rule.ts'
import { POLICY_RULES } from './policy/index.ts'
import { REFERENCE_RULES } from './references/index.ts'
import type { World } from './world.ts'

/** Every rule about objects and what they say of each other. */
export const OBJECT_RULES: readonly ObjectRule[] = [...REFERENCE_RULES, ...POLICY_RULES]

export interface ObjectCheckOptions {
  world: World
  /** Version of Kubernetes that the objects are for, such as `1.36`. The newest known by default. */
  kubernetes?: string
  rules?: readonly ObjectRule[]
}

/** The newest version whose removed APIs are known. */
const NEWEST_MINOR = 36

/** References and policy of objects, in one pass over one index; pure. Findings are in the order of groups and objects. */
export function checkObjects(objects: readonly ManifestObject[], options: ObjectCheckOptions): Finding[] {
  const { world, rules = OBJECT_RULES } = options
  const groupOf = world.grouping(objects)
  const scopes = new Map<string, Scope>()
  for (const object of objects) {
    const group = groupOf(object.file)
    let scope = scopes.get(group)
    if (!scope) {
      scope = new Scope({ closed: world.isClosed, minor: minorOf(options.kubernetes) })
      scopes.set(group, scope)
    }
    scope.add(object)
  }
  const run = runner(rules)
  const findings: Finding[] = []
  for (const scope of scopes.values()) for (const object of scope.objects) run(object, findings)
  return findings
}

function minorOf(version: string | undefined): number {
  const minor = /^v?1\.(\d+)/.exec(version ?? '')?.[1]
  return minor === undefined ? NEWEST_MINOR : Number(minor)
}

/** Sorts the rules by what they are about once, so that an object meets only its own. */
function runner(rules: readonly ObjectRule[]): (object: IndexedObject, findings: Finding[]) => void {
  const container = rules.filter((rule) => rule.on === 'container')
  const pod = rules.filter((rule) => rule.on === 'pod')
  const others = rules.filter((rule) => rule.on === 'object')
  const byKind = new Map<string, typeof others>()
  return (object, findings) => {
    let own = byKind.get(object.kind)
    if (!own) {
      own = others.filter(({ kinds }) => kinds?.includes(object.kind) ?? true)
      byKind.set(object.kind, own)
    }
    for (const rule of own) report(findings, rule, object, rule.check(object))
    if (!object.pod) return
    for (const rule of pod) report(findings, rule, object, rule.check(object.pod))
    for (const one of object.pod.containers) {
      for (const rule of container) report(findings, rule, object, rule.check(one))
    }
  }
}

function report(findings: Finding[], rule: ObjectRule, object: IndexedObject, problems: Problems): void {
  if (problems === undefined) return
  const severity = severityOf(rule, object)
  for (const problem of Array.isArray(problems) ? problems : [problems as Problem]) {
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
