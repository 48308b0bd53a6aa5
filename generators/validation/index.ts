import type { Finding } from '../findings/index.ts'
import type { FileChange } from '../manifests/index.ts'
import type { Repository } from '../repository/index.ts'
import type { ReportFormat } from './reporters/index.ts'
import type { Report } from './reporters/report.ts'
import type { Validation } from './validate.ts'

export type { Edit } from './fixes/index.ts'
export { LAYERS, type Layer } from './layers.ts'
export type { ReportFormat } from './reporters/index.ts'
export { countFindings, formatFindings } from './reporters/text.ts'
export type { Validation } from './validate.ts'

import type { ManifestValidation } from './validate-manifests.ts'

export { CONFIGURATION_FILE } from './configuration/index.ts'
export { type ManifestOptions, type ManifestValidation, validateManifests } from './validate-manifests.ts'

// Checking a repository needs everything that generates it, which checking manifests does not wait for.

type Checks = typeof import('./validate.ts')

/** Every check of a repository in one pass; writes nothing. Throws only when it cannot be read at all. */
export async function validateRepository(...args: Parameters<Checks['validateRepository']>): Promise<Validation> {
  return (await import('./validate.ts')).validateRepository(...args)
}

/** The same for a repository that is loaded already. */
export async function validateLoaded(...args: Parameters<Checks['validateLoaded']>): Promise<Validation> {
  return (await import('./validate.ts')).validateLoaded(...args)
}

/** Findings of what differs between dist/ and what `synth` would write. */
export async function checkDist(changes: readonly FileChange[]): Promise<Finding[]> {
  return (await import('./repository.ts')).checkDist(changes)
}

/** Findings of versions and releases that differ from those of `base`, or are gone. */
export async function checkFacts(base: Repository, now: Repository): Promise<Finding[]> {
  return (await import('./history.ts')).checkFacts(base, now)
}

/** The whole report of a validation in a format for other programs. */
export async function formatReport(format: ReportFormat, report: Report): Promise<string> {
  return (await import('./reporters/index.ts')).formatReport(format, report)
}

/** The text of a file with the repairs made that are for it: those given, and the removal of comments that suppress nothing. */
export async function repaired(
  file: string,
  text: string,
  { fixes = [], findings }: Pick<ManifestValidation, 'fixes' | 'findings'>,
) {
  const { applyEdits, hasMixedLineEnds } = await import('./fixes/index.ts')
  if (hasMixedLineEnds(text)) return { text, made: [] }
  const { suppressionEdits } = await import('./fixes/suppressions.ts')
  const own = fixes.filter((edit) => edit.file === file)
  return applyEdits(text, [...own, ...suppressionEdits(file, text, findings)])
}
