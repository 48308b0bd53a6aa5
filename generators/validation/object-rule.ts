import type { DocumentPath, RuleId, Severity } from '../findings/index.ts'
import type { IndexedObject } from './object-index.ts'
import type { Container, PodTemplate } from './pod-template.ts'

/** What a rule says of one place of an object. */
export interface Problem {
  path: DocumentPath
  message: string
  /** The rule's own repair where this is left out. */
  fix?: string
}

/** What a check returns: nothing, one problem, or several. */
export type Problems = Problem | readonly Problem[] | undefined

interface RuleBase {
  rule: RuleId
  severity: Severity
  /** Pod Security's level that refuses this: an error in a namespace that enforces the level. */
  podSecurity?: 'baseline' | 'restricted'
  /** What is missing may exist outside of the files: a warning unless the scope is closed. */
  mayBeElsewhere?: true
}

interface PodRule extends RuleBase {
  /** Without one of these keys, anywhere in the pod, there is nothing to say: most pods meet half of the rules. */
  needs?: readonly string[]
}

/** A rule is data and one pure function; where it applies decides what the function is given. */
export type ObjectRule =
  | (PodRule & { on: 'container'; check(container: Container): Problems })
  | (PodRule & { on: 'pod'; check(pod: PodTemplate): Problems })
  /** Kinds as `IndexedObject.kind` names them; all when they are left out. */
  | (RuleBase & { on: 'object'; kinds?: readonly string[]; check(object: IndexedObject): Problems })
