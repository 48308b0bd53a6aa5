import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Finding, RULES, type Rule, type RuleId, type Severity, sentenceOf } from '../../findings/index.ts'
import { contentDigest } from '../../text/index.ts'
import { fileInTree, type Report } from './report.ts'

const LEVELS: Record<Severity, string> = { error: 'error', warning: 'warning', info: 'note' }

/**
 * SARIF 2.1.0 with the fields that code scanning reads: rules with their help, places relative to the work tree, and fingerprints
 * that survive a shift of lines. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function formatSarif(report: Report): string {
  const { findings, exitCode, version } = report
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort()
  const seen = new Map<string, number>()
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'modelyard', version, rules: rules.map((rule) => descriptor(rule)) } },
        invocations: [{ executionSuccessful: !findings.some(isUnchecked), exitCode }],
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => result(finding, rules.indexOf(finding.rule), report, seen)),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function isUnchecked({ rule }: Finding): boolean {
  return 'couldNotCheck' in RULES[rule]
}

function descriptor(id: RuleId): object {
  const rule: Rule = RULES[id]
  const { reason, repair, couldNotCheck } = rule
  const summary = sentenceOf(rule)
  const text = `${summary} ${reason} ${repair}`
  const markdown = `${summary}\n\n**Why:** ${reason}\n\n**Repair:** ${repair}`
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: `${summary} ${reason}` },
    help: { text, markdown },
    ...(couldNotCheck && { properties: { tags: ['could-not-check'] } }),
  }
}

function result(finding: Finding, ruleIndex: number, report: Report, seen: Map<string, number>): object {
  const { rule, severity, message, fix } = finding
  return {
    ruleId: rule,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: fix === undefined ? message : `${message}\n${fix}` },
    locations: locations(finding, report),
    partialFingerprints: { 'modelyardFinding/v1': fingerprint(finding, seen) },
  }
}

function locations(finding: Finding, report: Report): object[] {
  const { line, column, path, object } = finding
  const file = fileInTree(finding, report)
  const name = [object, path].filter((part) => part !== undefined && part !== '').join(' ')
  const region = line === undefined ? {} : { region: { startLine: line, ...(column && { startColumn: column }) } }
  const location = {
    ...(file !== undefined && { physicalLocation: { artifactLocation: artifactLocation(file), ...region } }),
    ...(name !== '' && { logicalLocations: [{ fullyQualifiedName: name }] }),
  }
  return Object.keys(location).length === 0 ? [] : [location]
}

function artifactLocation(file: string): object {
  if (isAbsolute(file)) return { uri: pathToFileURL(file).href }
  return { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: '%SRCROOT%' }
}

/** Without the line, which any edit above moves; the second of two that are alike is told apart by its number. */
function fingerprint({ rule, file, object, path, message }: Finding, seen: Map<string, number>): string {
  const digest = contentDigest([rule, file ?? null, object ?? null, path ?? null, message]).slice(0, 32)
  const count = (seen.get(digest) ?? 0) + 1
  seen.set(digest, count)
  return `${digest}:${count}`
}
