import { type Finding, sortFindings } from '../../findings/index.ts'
import type { Directive } from '../../yaml/index.ts'
import { toldOnce, withoutEchoes } from '../dedupe-findings.ts'
import type { ManifestObject } from '../manifest-objects.ts'
import type { Configuration } from './configuration.ts'
import { inlineSuppressions } from './inline.ts'
import { type Applied, applySuppressions, type Suppression } from './suppression.ts'

export { CONFIGURATION_FILE, type Configuration, openConfiguration } from './configuration.ts'
export type { Suppressed } from './suppression.ts'

export interface Looked {
  objects: readonly ManifestObject[]
  comments: readonly (Directive & { file: string })[]
  /** Rules of layers that were left out: what suppresses only these is not unused. */
  notLookedFor?: readonly string[]
  /** `2026-11-21`: suppressions end. */
  today?: string
  /** Whether what a suppression of modelyard.yaml is about was looked at at all. */
  isInSight(suppression: Suppression): boolean
}

/** Findings with the severities that the configuration says, without those that are suppressed; sorted. */
export function configured(findings: readonly Finding[], configuration: Configuration, looked: Looked): Applied {
  const { severities } = configuration
  const weighed = toldOnce(findings).flatMap((finding) => {
    const severity = severities.get(finding.rule)
    if (severity === 'off') return []
    return severity === undefined || severity === finding.severity ? [finding] : [{ ...finding, severity }]
  })
  const inline = inlineSuppressions(looked.comments, looked.objects)
  const { notLookedFor = [] } = looked
  const isLookedFor = ({ rules }: Suppression) => rules.some((rule) => !notLookedFor.includes(rule))
  const written = configuration.suppressions.map((one) => ({ ...one, isOutOfSight: !looked.isInSight(one) }))
  const suppressions = [...written, ...inline.suppressions].map((one) =>
    isLookedFor(one) ? one : { ...one, isOutOfSight: true },
  )
  const today = looked.today ?? new Date().toISOString().slice(0, 10)
  const applied = applySuppressions(weighed, suppressions, today)
  const all = [...configuration.findings, ...inline.findings, ...withoutEchoes(applied.findings)]
  return { findings: sortFindings(all), suppressed: applied.suppressed }
}
