import { type Finding, RULES } from '../../findings/index.ts'
import type { Report } from './report.ts'

/**
 * JUnit's XML as CI systems read it: a suite a file, a case a finding. An error is a failure, what could not be checked is an
 * error of the run, and anything milder passes with its text as output. Without findings one case has passed.
 */
export function formatJUnit({ findings, summary }: Report): string {
  const name = 'modelyard validate'
  const suites = [...byFile(findings)].map(([file, found]) =>
    element('testsuite', { name: file, ...totals(found) }, found.map(testCase)),
  )
  const passed = element('testsuite', { name, ...NONE }, [
    `<testcase${attributesOf({ name: summary, classname: name })}/>`,
  ])
  const root = element('testsuites', { name, ...totals(findings) }, suites.length > 0 ? suites : [passed])
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`
}

const NONE = { tests: 1, failures: 0, errors: 0 }

function byFile(findings: readonly Finding[]): Map<string, Finding[]> {
  const files = new Map<string, Finding[]>()
  for (const finding of findings) {
    const file = finding.file ?? 'modelyard validate'
    files.set(file, [...(files.get(file) ?? []), finding])
  }
  return files
}

function totals(findings: readonly Finding[]): Record<string, number> {
  const outcomes = findings.map(outcomeOf)
  const count = (outcome: string) => outcomes.filter((one) => one === outcome).length
  if (findings.length === 0) return NONE
  return { tests: findings.length, failures: count('failure'), errors: count('error') }
}

/** The element that a test case holds. */
function outcomeOf({ rule, severity }: Finding): 'failure' | 'error' | 'system-out' {
  if (severity === 'error') return 'failure'
  return 'couldNotCheck' in RULES[rule] ? 'error' : 'system-out'
}

function testCase(finding: Finding): string {
  const { rule, severity, message, file, line, object, fix } = finding
  const place = line === undefined ? '' : ` at line ${line}`
  const text = `${severity}: ${message}${fix === undefined ? '' : `\n${fix}`}`
  const outcome = outcomeOf(finding)
  const attributes = outcome === 'system-out' ? '' : attributesOf({ type: rule, message })
  const name = `${rule}${place}${object === undefined ? '' : ` (${object})`}`
  const located = file === undefined ? {} : { file, ...(line !== undefined && { line }) }
  const content = `<${outcome}${attributes}>${escaped(text)}</${outcome}>`
  return element('testcase', { name, classname: rule, ...located }, [content])
}

/** The text of a finding stays as it is; lines of it never begin with a tag. */
function element(name: string, attributes: Record<string, string | number>, content: readonly string[]): string {
  const inner = content.map((text) => `\n${text.replaceAll(/^(?= *<)/gm, '  ')}`).join('')
  return `<${name}${attributesOf(attributes)}>${inner}\n</${name}>`
}

function attributesOf(attributes: Record<string, string | number>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replaceAll('\n', '&#10;')}"`)
    .join('')
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no way to write most control characters. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\t\n]|[\ufffe\uffff\p{Cs}]/gu, '\ufffd')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}
