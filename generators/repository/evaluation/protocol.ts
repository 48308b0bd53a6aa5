import type { DocumentPath } from '../../findings/index.ts'

/** What passes between the program and the process that evaluates definitions: text alone, both ways. */

/** One definition, bundled with every module of its own that it imports. */
export interface DefinitionSource {
  /** Path relative to the root of the repository. */
  file: string
  /** CommonJS. */
  code: string
  /** Definitions that it imports, by path: their values stand in for their code. */
  imports: string[]
}

/** Read from standard input. */
export interface EvaluationRequest {
  /** Code that prepares a realm, and the vocabulary that definitions import as `modelyard`. */
  realm: string
  vocabulary: string
  /** In an order in which imports come first. */
  sources: DefinitionSource[]
  /** JSON by file: values of definitions that are known already. */
  known: Record<string, string>
  /** Milliseconds that one definition may take. */
  timeout: number
}

/** What came of one definition. */
export type Outcome =
  /** `json`: its default export; absent for one that has none. */
  | { kind: 'value'; json?: string }
  | { kind: 'thrown'; message: string; stack: string }
  /** Something in the default export is not data. */
  | { kind: 'not-data'; path: DocumentPath; what: string }
  /** It asked to end the process. */
  | { kind: 'exited' }
  | { kind: 'timeout' }
  /** A definition that it imports has no value. */
  | { kind: 'import-missing' }

/** Written to file descriptor 3, one line each in the order of the request; the last line is `END`. */
export interface Answer {
  index: number
  outcome: Outcome
}

export const ANSWERS_DESCRIPTOR = 3
export const END = '"end"'

/** Names the script of a definition in stack traces. */
export const scriptName = (index: number) => `definition:${index}`

/**
 * The outcome that a parsed answer says; undefined for one of another form. Whoever wrote it may have run a definition, which can change what
 * `JSON.stringify` makes of anything in its realm. That it took too long, or that an import has no value, only the process says.
 */
export function readOutcome(value: unknown, from: 'realm' | 'process'): Outcome | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, json, message, stack, path, what } = value as Record<string, unknown>
  switch (kind) {
    case 'value':
      if (json === undefined) return { kind }
      return typeof json === 'string' ? { kind, json } : undefined
    case 'thrown':
      return typeof message === 'string' && typeof stack === 'string' ? { kind, message, stack } : undefined
    case 'not-data':
      if (!Array.isArray(path) || typeof what !== 'string') return undefined
      return path.every((part) => ['string', 'number'].includes(typeof part)) ? { kind, path, what } : undefined
    case 'exited':
      return { kind }
    case 'timeout':
    case 'import-missing':
      return from === 'process' ? { kind } : undefined
    default:
      return undefined
  }
}
