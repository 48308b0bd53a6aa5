import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import {
  type Edit,
  type ManifestOptions,
  type ManifestValidation,
  repaired,
  validateManifests,
} from '../checks/index.ts'

/** A repair may show the next one: a value that is read at last may break a rule. */
const ROUNDS = 5

/** Repairs the files of the inputs until nothing certain is left to do, and says what is found then and what was done. */
export async function fixManifests(
  inputs: readonly string[],
  options: ManifestOptions,
): Promise<ManifestValidation & { fixed: Fixed[] }> {
  const fixed: Fixed[] = []
  for (let round = 0; ; round++) {
    // A server is asked about what the files hold in the end.
    const { server, ...local } = options
    const { fixes: found = [], ...validation } = await validateManifests(inputs, { ...local, fixes: true })
    const made = round < ROUNDS ? await repairFiles({ ...validation, fixes: found }) : []
    fixed.push(...made)
    if (made.length > 0) continue
    return { ...(server ? await validateManifests(inputs, options) : validation), fixed }
  }
}

/** One repair that was made. */
export type Fixed = Pick<Edit, 'file' | 'line' | 'rule' | 'says'>

async function repairFiles(validation: ManifestValidation): Promise<Fixed[]> {
  const files = new Set([...(validation.fixes ?? []), ...validation.findings].map(({ file }) => file))
  const fixed: Fixed[] = []
  for (const file of files) {
    // Standard input is no file, and its text is the caller's to change.
    if (file === undefined || !existsSync(file)) continue
    const before = readFileSync(file, 'utf8')
    const { text, made } = await repaired(file, before, validation)
    if (text === before) continue
    writeFileSync(file, text)
    fixed.push(...made.map(({ file, line, rule, says }) => ({ file, line, rule, says })))
  }
  return fixed
}
