import type { DocumentPath } from '../../findings/index.ts'

/** One YAML document of a file, with the position of everything in it. */
export interface ManifestObject {
  /** Path relative to the repository's root, with forward slashes. */
  file: string
  value: unknown
  /** 1-based line of what is at `path`, or of the nearest parent that exists. */
  lineOf(path: DocumentPath): number | undefined
}
