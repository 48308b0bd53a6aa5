import { relative, resolve, sep } from 'node:path'
import type { Finding } from '../findings/index.ts'
import type { ReportFormat } from '../validation/index.ts'
import { type CommonOptions, outputOf } from './context.ts'
import { countFindings, exitCodeOf, type Output } from './output.ts'
import { packageVersion } from './package-version.ts'

export const FORMATS = ['text', 'json', 'sarif', 'github', 'junit'] as const

export interface FormatOptions extends CommonOptions {
  format?: (typeof FORMATS)[number]
}

/** `--json` is `--format json`; a whole report for a program leaves the lines for people out. */
export function outputFor({ format = 'text', json = false, quiet = false }: FormatOptions): Output {
  const isText = format === 'text' && !json
  return outputOf({ json: json || format === 'json', quiet: quiet || !isText })
}

/** What was found, in the format that was asked for; sets the exit code. `root` is where files are named from. */
export async function tell(
  validation: { findings: Finding[]; suppressed: readonly unknown[]; measured?: readonly unknown[] },
  { looked, note = '', root, lines = [] }: { looked: string; note?: string; root: string; lines?: readonly string[] },
  options: FormatOptions,
): Promise<void> {
  const { findings } = validation
  const output = outputFor(options)
  const hidden = validation.suppressed.length
  const summary = `${looked}: ${countFindings(findings)}${hidden > 0 ? `, ${hidden} suppressed` : ''}${note}`
  const exitCode = exitCodeOf(findings)
  process.exitCode = exitCode
  const format = otherFormat(options)
  if (format) {
    const { formatReport } = await import('../validation/index.ts')
    const report = { findings, summary, exitCode, version: packageVersion(), prefix: prefixOf(root) }
    output.report(await formatReport(format, report))
    return
  }
  output.findings(findings)
  output.data(validation)
  for (const line of lines) output.line(line)
  output.line(summary)
}

function otherFormat({ format, json }: FormatOptions): ReportFormat | undefined {
  return json || format === undefined || format === 'text' || format === 'json' ? undefined : format
}

/** From the work tree that a forge's runner works in, or from the current directory. */
function prefixOf(root: string): string {
  const path = relative(process.env['GITHUB_WORKSPACE'] ?? process.cwd(), resolve(root))
    .split(sep)
    .join('/')
  return path === '' || path.startsWith('..') ? '' : `${path}/`
}
