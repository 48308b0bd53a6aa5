import { readFileSync, statSync } from 'node:fs'
import { Failure, type Finding, RULES, type Rule, type RuleId, type Severity } from '../../findings/index.ts'
import { globPattern, nearest, schemaCheck } from '../../text/index.ts'
import { parseYaml, type YamlFile } from '../../yaml/index.ts'
import type { RuleOptions } from '../rule-options.ts'
import { configurationSchema } from './schema.ts'
import { isDate, type Suppression } from './suppression.ts'

/** What `modelyard.yaml` says. */
export interface Configuration {
  severities: ReadonlyMap<string, Severity | 'off'>
  options: RuleOptions
  suppressions: Suppression[]
  findings: Finding[]
}

/** What a team writes: the base branch, severities and options by rule, and what is suppressed where. */
interface ConfigurationFile {
  /** The branch that Argo CD reads; commands read it at the remote's default branch. */
  baseBranch?: string
  rules?: Record<string, Severity | 'off' | ({ severity?: Severity | 'off' } & Record<string, unknown>)>
  suppressions?: {
    rule: string | string[]
    files?: string | string[]
    object?: string
    reason: string
    until?: string
  }[]
}

export const CONFIGURATION_FILE = 'modelyard.yaml'

const NOTHING: Configuration = { severities: new Map(), options: {}, suppressions: [], findings: [] }
const check = schemaCheck('configuration-invalid', configurationSchema)

/**
 * The configuration of a folder, none when it has no modelyard.yaml; or the file that is named.
 * @throws Failure when the named file does not exist
 */
export function openConfiguration(folder: string, named?: string): Configuration {
  const path = named ?? `${folder}/${CONFIGURATION_FILE}`
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isFile()) {
    if (named === undefined) return NOTHING
    throw new Failure(stats ? `${named} is not a file` : `${named} does not exist`, {
      fix: 'Name a configuration: docs/validating.md shows one.',
    })
  }
  return readConfiguration(named ?? CONFIGURATION_FILE, readFileSync(path, 'utf8'))
}

/** With anything wrong in it nothing of it is believed: an error says so. */
export function readConfiguration(file: string, text: string): Configuration {
  const { document, findings } = parseYaml(file, text)
  if (!document) return { ...NOTHING, findings }
  const value = (document.value ?? {}) as ConfigurationFile
  const wrong = check(value, document)
  const problems = wrong.length > 0 ? wrong : meaning(value, document)
  if (problems.length > 0) return { ...NOTHING, findings: problems }
  const rules = Object.entries(value.rules ?? {})
  return {
    severities: new Map(
      rules.flatMap(([rule, said]) => {
        const severity = typeof said === 'string' ? said : said.severity
        return severity === undefined ? [] : [[rule, severity] as const]
      }),
    ),
    options: Object.fromEntries(rules.filter(([, said]) => typeof said !== 'string')) as RuleOptions,
    suppressions: (value.suppressions ?? []).map((one, index) => suppressionOf(one, document, index)),
    findings: [],
  }
}

function meaning({ rules = {}, suppressions = [] }: ConfigurationFile, document: YamlFile): Finding[] {
  const findings: Finding[] = []
  const report = (path: (string | number)[], message: string, fix: string) =>
    findings.push({
      rule: 'configuration-invalid',
      severity: 'error',
      message,
      file: document.file,
      line: document.lineOf(path),
      fix,
    })
  for (const [rule, said] of Object.entries(rules)) {
    if (!Object.hasOwn(RULES, rule)) {
      const near = nearest(rule, Object.keys(RULES))
      report(
        ['rules', rule],
        `there is no rule "${rule}"`,
        near ? `Did you mean ${near}?` : 'modelyard explain lists them.',
      )
      continue
    }
    const { couldNotCheck, fixed }: Rule = RULES[rule as RuleId]
    const severity = typeof said === 'string' ? said : said.severity
    if (severity === undefined || (!couldNotCheck && fixed === undefined)) continue
    const reason = couldNotCheck ? 'says that something could not be checked' : 'is an error wherever it is found'
    report(['rules', rule], `the severity of ${rule} is not for a configuration to say: it ${reason}`, 'Remove it.')
  }
  for (const [index, { until }] of suppressions.entries()) {
    if (until === undefined || isDate(until)) continue
    report(['suppressions', index, 'until'], `"${until}" is no date`, 'Write the last day: 2027-03-31.')
  }
  return findings
}

type WrittenSuppression = NonNullable<ConfigurationFile['suppressions']>[number]

function suppressionOf(written: WrittenSuppression, document: YamlFile, index: number): Suppression {
  const { rule, files, object, reason, until } = written
  const patterns = files === undefined ? undefined : [files].flat().map(globPattern)
  const title = object === undefined ? undefined : globPattern(object)
  return {
    rules: [rule].flat(),
    reason,
    ...(until !== undefined && { until }),
    file: document.file,
    line: document.lineOf(['suppressions', index]),
    covers: (finding) =>
      (patterns?.some((pattern) => pattern.test(finding.file ?? '')) ?? true) &&
      (title?.test(finding.object ?? '') ?? true),
  }
}
