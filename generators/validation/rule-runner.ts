import { KeyFinder } from './key-finder.ts'
import type { IndexedObject } from './object-index.ts'
import type { ObjectRule, Problems } from './object-rule.ts'

type ReportProblems = (rule: ObjectRule, object: IndexedObject, problems: NonNullable<Problems>) => void
type RuleOn<Place extends ObjectRule['on']> = Extract<ObjectRule, { on: Place }>

/** Sorts the rules by what they are about once, so that an object meets only those that may have something to say of it. */
export function ruleRunner(rules: readonly ObjectRule[], report: ReportProblems): (object: IndexedObject) => void {
  const podRules = rules.filter((rule) => rule.on === 'pod')
  const containerRules = rules.filter((rule) => rule.on === 'container')
  const objectRules = rules.filter((rule) => rule.on === 'object')
  const byKind = new Map<string, RuleOn<'object'>[]>()
  const keys = new KeyFinder([...podRules, ...containerRules].flatMap(({ needs = [] }) => needs))
  const isDue = ({ needs }: RuleOn<'pod' | 'container'>) => needs === undefined || keys.hasAny(needs)

  return (object) => {
    let own = byKind.get(object.kind)
    if (!own) {
      own = objectRules.filter(({ kinds }) => kinds?.includes(object.kind) ?? true)
      byKind.set(object.kind, own)
    }
    for (let index = 0; index < own.length; index++) {
      const rule = own[index] as RuleOn<'object'>
      const problems = rule.check(object)
      if (problems !== undefined) report(rule, object, problems)
    }
    const { pod } = object
    if (!pod) return
    keys.lookInto(pod.fields)
    for (let index = 0; index < podRules.length; index++) {
      const rule = podRules[index] as RuleOn<'pod'>
      const problems = isDue(rule) ? rule.check(pod) : undefined
      if (problems !== undefined) report(rule, object, problems)
    }
    const due = containerRules.filter(isDue)
    for (const container of pod.containers) {
      for (let index = 0; index < due.length; index++) {
        const rule = due[index] as RuleOn<'container'>
        const problems = rule.check(container)
        if (problems !== undefined) report(rule, object, problems)
      }
    }
  }
}
