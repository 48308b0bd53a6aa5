import { type DocumentPath, type Finding, formatPath } from '../findings/index.ts'
import type { Located } from '../text/index.ts'

/** Reports one violation of a rule that a schema cannot say. */
export type Report = (path: DocumentPath, message: string, fix: string) => void

export function reporter(located: Located, findings: Finding[]): Report {
  return (path, message, fix) => {
    const line = located.lineOf(path)
    findings.push({
      rule: 'definition-inconsistent',
      severity: 'error',
      message: `${formatPath(path)}: ${message}`,
      file: located.file,
      ...(line !== undefined && { line }),
      path: formatPath(path),
      fix,
    })
  }
}
