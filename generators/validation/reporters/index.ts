import type { Finding } from '../../findings/index.ts'
import { visibleLine, visibleText } from '../../text/index.ts'
import { formatGitHub } from './github.ts'
import { formatJUnit } from './junit.ts'
import type { Report } from './report.ts'
import { formatSarif } from './sarif.ts'

const REPORTERS = { sarif: formatSarif, github: formatGitHub, junit: formatJUnit } as const

/** Formats of a whole report, for other programs. */
export type ReportFormat = keyof typeof REPORTERS

/** The same findings always give the same text: no time, no path of the machine. */
export function formatReport(format: ReportFormat, report: Report): string {
  return REPORTERS[format]({ ...report, findings: report.findings.map(visibleFinding) })
}

/** What authors of files wrote, with everything in it seen: these reports are shown on pages and in logs. */
function visibleFinding(finding: Finding): Finding {
  const { file, path, object, fix, message } = finding
  return {
    ...finding,
    message: visibleText(message),
    ...(file !== undefined && { file: visibleLine(file) }),
    ...(path !== undefined && { path: visibleLine(path) }),
    ...(object !== undefined && { object: visibleLine(object) }),
    ...(fix !== undefined && { fix: visibleText(fix) }),
  }
}
