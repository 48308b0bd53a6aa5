import type { SettingChange } from '../repository/index.ts'
import { CELL } from './gates-section.ts'
import { CODE_WIDTH, clip, codeBlock, escapeText, inlineCode, table } from './markdown.ts'
import { count, formatBytes, formatMebibytes, formatMilliseconds } from './numbers.ts'
import type { ObjectChanges, PromotionReport, Undo } from './report.ts'
import { formatInterval, shareSentence, sides } from './summary.ts'

export function interfaceSection({ interfaceChanges }: PromotionReport): string {
  if (interfaceChanges === undefined || interfaceChanges.length === 0) return ''
  const sorted = [...interfaceChanges].sort((a, b) => (a.kind === b.kind ? 0 : a.kind === 'breaking' ? -1 : 1))
  const lines = sorted.map(({ kind, message }) => {
    return `- ${kind === 'breaking' ? '**breaking**' : kind}: ${escapeText(clip(message, 300))}`
  })
  return `### What callers see\n\n${lines.join('\n')}`
}

export function costSection(report: PromotionReport): string {
  const { to, sameArtifact, p50Ratio, p99Ratio } = report.cost
  // Two measurements of one file would differ by noise alone.
  const from = sameArtifact ? undefined : report.cost.from
  const names = sameArtifact ? { to: 'Both versions' } : sides(report)
  const heading = ['', ...(names.from === undefined ? [] : [escapeText(names.from)]), escapeText(names.to)]
  const row = (
    name: string,
    format: (value: number | undefined) => string,
    field: 'artifactBytes' | 'p50Ms' | 'p99Ms' | 'memoryBytes',
  ) => [name, ...(names.from === undefined ? [] : [format(from?.[field])]), format(to[field])]
  const measured = [from?.p99Ms, to.p99Ms, from?.p50Ms, to.p50Ms].some((value) => value !== undefined)
  const hasP99 = from?.p99Ms !== undefined || to.p99Ms !== undefined
  const rows = [
    ...(measured
      ? [row('p50', formatMilliseconds, 'p50Ms'), ...(hasP99 ? [row('p99', formatMilliseconds, 'p99Ms')] : [])]
      : []),
    ...(to.memoryBytes === undefined ? [] : [row('memory', formatMebibytes, 'memoryBytes')]),
    row('artifact', formatBytes, 'artifactBytes'),
  ]
  const ratios = [
    ...(p50Ratio && from ? [`p50 ${formatInterval(p50Ratio)}`] : []),
    ...(p99Ratio && from ? [`p99 ${formatInterval(p99Ratio)}`] : []),
  ]
  const compared = ratios.length === 0 ? '.' : `.\nAfter to before, 99 % intervals: ${ratios.join(', ')}.`
  const note = measured ? `The model alone, one row, on one machine${compared}` : 'Latency was **not measured**.'
  const { limit } = report.cost
  const fits = limit
    ? [
        `Memory limit ${limit.memory}: ${limit.isShared ? 'both versions in one pod need' : `${escapeText(sides(report).to)} needs`} ${formatMebibytes(limit.neededBytes)} with the runtime${limit.holds ? '' : ', which **does not fit**'}.`,
      ]
    : []
  return ['### Cost of running it', table(heading, rows), [note, ...fits].join('\n')].join('\n\n')
}

export function mergingSection(report: PromotionReport): string {
  const names = sides(report)
  const to = escapeText(names.to)
  const lines = [effect(report, to, names.from && escapeText(names.from)), ...objectLines(report.objects)]
  if (report.from === undefined && report.mode.kind === 'stable') lines.push('Its first pods start')
  else if (report.objects.podsRestart) lines.push('Serving pods **restart**, by a rolling update')
  else lines.push('Serving pods **do not restart**')
  if (report.settings.length > 0) lines.push('Image and settings change:')
  else if (report.from !== undefined) lines.push('Image and settings: **same**')
  const settings = report.settings.length === 0 ? [] : [settingsTable(report.settings)]
  return ['### What merging does', lines.map((line) => `- ${line}`).join('\n'), ...settings].join('\n\n')
}

function effect({ mode }: PromotionReport, to: string, from: string | undefined): string {
  if (mode.kind === 'stable')
    return from === undefined ? `Runs ${to}, the first version here` : `Runs ${to} instead of ${from}`
  return shareSentence(mode, to)
}

export function objectLines({ added, changed, removed, otherModels }: ObjectChanges): string[] {
  const others = otherModels.length === 0 ? 'none' : `**${escapeText(clip(otherModels.join(', '), 200))}**`
  return [
    `${count(changed.length, 'object changes', 'objects change')}, ${added.length} added, ${removed.length} removed; other models: ${others}`,
  ]
}

function settingsTable(settings: readonly SettingChange[]): string {
  const rows = settings.map(({ field, from = 'not set', to = 'not set' }) => {
    const short = [from, to].map(shorten)
    // Two values that look alike when shortened are shown whole.
    const [before = '', after = ''] = short[0] === short[1] ? [from, to] : short
    return [escapeText(clip(field, 60)), escapeText(clip(before, 200)), escapeText(clip(after, 200))]
  })
  return table(['Setting', 'From', 'To'], rows)
}

/** `registry.example.com/models/serving@sha256:0123...` -> `serving@sha256:0123456789ab…` */
function shorten(value: string): string {
  const image = /^(?:.*\/)?([^/]+@sha256:[0-9a-f]{12})[0-9a-f]{52}$/.exec(value)
  return image ? `${image[1]}…` : clip(value, CELL)
}

export function undoSection({ command, isJudged }: Undo): string {
  // A backslash within quotes would not continue the line.
  const shown = /['"\\]/.test(command) ? inlineCode(command) : codeBlock(foldCommand(command))
  return `**Undo** (${isJudged ? 'gates judge it' : 'needs only the repository'})\n${shown}`
}

/** A shell command over several short lines; a word longer than a line goes on at the start of the next, as a shell reads it. */
export function foldCommand(command: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of optionsWithValues(command)) {
    const joined = line === '' ? word : `${line} ${word}`
    if (joined.length <= CODE_WIDTH - 2) {
      line = joined
      continue
    }
    if (line.trim() !== '') lines.push(`${line} \\`)
    line = line === '' ? word : `  ${word}`
    while (line.length > CODE_WIDTH - 2) {
      lines.push(`${line.slice(0, CODE_WIDTH - 2)}\\`)
      line = line.slice(CODE_WIDTH - 2)
    }
  }
  return [...lines, line]
}

/** An option and its value stay on one line where they fit one. */
function optionsWithValues(command: string): string[] {
  const words: string[] = []
  for (const word of command.trim().split(/\s+/)) {
    const last = words.at(-1) ?? ''
    const joined = `${last} ${word}`
    const isValue = /^--[\w-]+$/.test(last) && !word.startsWith('-') && joined.length <= CODE_WIDTH - 4
    if (isValue) words.splice(-1, 1, joined)
    else words.push(word)
  }
  return words
}

export function lineageList(lineage: Readonly<Record<string, string>>): string {
  const entries = Object.entries(lineage)
  if (entries.length === 0) return 'None was registered.'
  return entries.map(([key, value]) => `- ${escapeText(clip(key, 60))}: ${inlineCode(clip(value, 200))}`).join('\n')
}
