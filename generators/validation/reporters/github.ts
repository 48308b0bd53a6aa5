import type { Finding } from '../../findings/index.ts'
import { fileInTree, type Report } from './report.ts'

const COMMANDS = { error: 'error', warning: 'warning', info: 'notice' } as const
const ORDER = ['error', 'warning', 'info'] as const

/**
 * Workflow commands of GitHub Actions, which shows each at its line of the pull request. It shows ten errors and ten warnings of a
 * step, so that errors come first.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export function formatGitHub(report: Report): string {
  const lines = ORDER.flatMap((severity) =>
    report.findings.filter((finding) => finding.severity === severity).map((finding) => annotation(finding, report)),
  )
  return `${[...lines, report.summary].join('\n')}\n`
}

function annotation(finding: Finding, report: Report): string {
  const { rule, severity, message, line, column, fix } = finding
  const file = fileInTree(finding, report)
  const place = file === undefined ? {} : { file, line, col: column }
  // What has no place on the page still says where it was.
  const where = file === undefined && finding.file !== undefined ? `${finding.file}:${line ?? 1}: ` : ''
  const properties = Object.entries({ ...place, title: rule })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapedProperty(String(value))}`)
  const text = `${where}${message}${fix === undefined ? '' : `\n${fix}`}`
  return `::${COMMANDS[severity]} ${properties.join(',')}::${escapedData(text)}`
}

function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
