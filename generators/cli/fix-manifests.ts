import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import {
  type Edit,
  type ManifestOptions,
  type ManifestValidation,
  repaired,
  validateManifests,
} from '../validation/index.ts'

/** A repair may show the next one: a value that is read at last may break a rule. */
const ROUNDS = 5

/** What was repaired; in a dry run what would be. */
export type Repairs = { fixed: Fixed[] } | { wouldFix: Fixed[] }

/** One repair. */
export type Fixed = Pick<Edit, 'file' | 'line' | 'rule' | 'says'>

export function repairs(made: Fixed[], dryRun: boolean): Repairs {
  return dryRun ? { wouldFix: made } : { fixed: made }
}

/**
 * Repairs the files of the inputs until nothing certain is left to do, and says what is found then and what was done. A dry run
 * repairs their texts alone, and says what is found in the files as they are.
 */
export async function fixManifests(
  inputs: readonly string[],
  options: ManifestOptions,
  dryRun: boolean,
): Promise<ManifestValidation & Repairs> {
  const texts = new Map<string, string>()
  const write = dryRun ? (file: string, text: string) => texts.set(file, text) : writeFileSync
  const read = (file: string) => texts.get(file) ?? readFileSync(file, 'utf8')
  const all: Fixed[] = []
  for (let round = 0; ; round++) {
    // A server is asked about what the files hold in the end.
    const { server, ...local } = options
    const { fixes: found = [], ...validation } = await validateManifests(inputs, { ...local, fixes: true, texts })
    const made = round < ROUNDS ? await repairFiles({ ...validation, fixes: found }, { read, write }) : []
    all.push(...made)
    if (made.length > 0) continue
    const isKnown = !server && (!dryRun || all.length === 0)
    return { ...(isKnown ? validation : await validateManifests(inputs, options)), ...repairs(all, dryRun) }
  }
}

interface Files {
  read(file: string): string
  write(file: string, text: string): void
}

async function repairFiles(validation: ManifestValidation, { read, write }: Files): Promise<Fixed[]> {
  const files = new Set([...(validation.fixes ?? []), ...validation.findings].map(({ file }) => file))
  const fixed: Fixed[] = []
  for (const file of files) {
    // Standard input is no file, and its text is the caller's to change.
    if (file === undefined || !existsSync(file)) continue
    const before = read(file)
    const { text, made } = await repaired(file, before, validation)
    if (text === before) continue
    write(file, text)
    fixed.push(...made.map(({ file, line, rule, says }) => ({ file, line, rule, says })))
  }
  return fixed
}
