import type { Finding } from '../findings/index.ts'
import type { CheckReport } from '../forges/index.ts'
import { countFindings } from '../validation/index.ts'
import { escapeText } from './markdown.ts'

/** What the forge shows beside a change's commit; findings that name a file are its annotations. */
export function checkReport(title: string, baseCommit: string, findings: readonly Finding[]): CheckReport {
  const elsewhere = findings.filter(({ file }) => file === undefined)
  const lines = elsewhere.map(({ severity, message }) => `- ${severity}: ${escapeText(message)}`)
  return {
    name: 'modelyard',
    title: `${countFindings(findings)}, checked at ${baseCommit.slice(0, 7)}`,
    summary: [`**${escapeText(title)}**`, '', `Synthesized and validated on ${baseCommit}.`, ...lines].join('\n'),
    findings,
  }
}
