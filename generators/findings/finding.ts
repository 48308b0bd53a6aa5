import type { RuleId } from './rules.ts'

export type Severity = 'error' | 'warning' | 'info'

/** One thing that is wrong, or could not be checked: data, so that every reporter shows the same. */
export interface Finding {
  /** Stable kebab-case id, documented in docs/rules.md. */
  rule: RuleId
  severity: Severity
  /** What is wrong, with the value that is there. */
  message: string
  /** Path relative to the repository's root, with forward slashes. */
  file?: string
  /** 1-based. */
  line?: number
  /** 1-based. */
  column?: number
  /** Where in the document, in kubectl's style: `spec.template.spec.containers[0].image`. */
  path?: string
  /** The Kubernetes object that it is about: `Deployment/web`. */
  object?: string
  /** What to do about it. */
  fix?: string
}

export type DocumentPath = (string | number)[]

/** `['spec', 'containers', 0]` -> `spec.containers[0]`; keys that are not plain words are quoted in brackets. */
export function formatPath(path: DocumentPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (!/^[\w-]+$/.test(part)) return `${text}["${part}"]`
    return text === '' ? part : `${text}.${part}`
  }, '')
}

const SEVERITY_ORDER: Record<Severity, number> = { error: 0, warning: 1, info: 2 }

/** By file, line, severity and rule, so that the same repository always prints the same list. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const key = (finding: Finding) => finding.file ?? ''
  return [...findings].sort(
    (a, b) =>
      key(a).localeCompare(key(b), 'en') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity] ||
      a.rule.localeCompare(b.rule, 'en') ||
      a.message.localeCompare(b.message, 'en'),
  )
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error')
}
