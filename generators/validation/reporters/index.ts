import { formatGitHub } from './github.ts'
import { formatJUnit } from './junit.ts'
import type { Report } from './report.ts'
import { formatSarif } from './sarif.ts'

const REPORTERS = { sarif: formatSarif, github: formatGitHub, junit: formatJUnit } as const

/** Formats of a whole report, for other programs. */
export type ReportFormat = keyof typeof REPORTERS

/** The same findings always give the same text: no time, no path of the machine. */
export function formatReport(format: ReportFormat, report: Report): string {
  return REPORTERS[format](report)
}
