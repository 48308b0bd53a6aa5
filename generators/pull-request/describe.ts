import { diffBlocks, diffSize } from './diff-blocks.ts'
import { formatHiddenBlock, type HiddenBlock } from './hidden-block.ts'
import { clip, details, escapeText, inlineCode } from './markdown.ts'
import { formatNumber } from './numbers.ts'
import { predictionSection } from './prediction-section.ts'
import type { PromotionReport, RollbackReport, RunningVersion } from './report.ts'
import {
  costSection,
  gatesSection,
  interfaceSection,
  lineageList,
  mergingSection,
  objectLines,
  undoSection,
} from './sections.ts'
import {
  callersSentence,
  itemsToJudge,
  latencySentence,
  modeName,
  place,
  predictionsSentence,
  sides,
  verdict,
} from './verdict.ts'

/** GitHub's limit of a body, in characters. */
export const MAX_BODY = 65_536
/** GitHub's limit of a title. */
const MAX_TITLE = 256
/** More of them are not read on a phone, and the count is in the headline. */
const MOST_ITEMS = 10

/** Title and body of a pull request, Markdown. */
export interface Description {
  title: string
  body: string
}

/** One part of a body; `cut` stands in for it when the body is too long. */
interface Part {
  text: string
  cut?: string
}

/** The pull request of a promotion. Pure: the same report gives the same text. */
export function describePromotion(report: PromotionReport): Description {
  const names = sides(report)
  const change = names.from === undefined ? names.to : `${names.from} -> ${names.to}`
  const mode =
    report.mode.kind === 'stable' ? '' : ` (${modeName(report.mode.kind)} ${formatNumber(report.mode.weight)} %)`
  const sentences = [callersSentence(report), predictionsSentence(report), latencySentence(report)]
  const omitted = (name: string) => `### ${name}\n\nLeft out: too long for a pull request.`
  const parts: Part[] = [
    {
      text: `## ${escapeText(clip(report.model, 100))} ${escapeText(change)}\n**${escapeText(clip(place(report), 100))}: ${verdict(report)}**`,
    },
    { text: sentences.filter((sentence) => sentence !== '').join('\n') },
    { text: lookHere(itemsToJudge(report)) },
    { text: gatesSection(report), cut: omitted('Gates') },
    { text: interfaceSection(report), cut: omitted('What callers see') },
    { text: predictionSection(report), cut: omitted('How predictions change') },
    { text: costSection(report) },
    { text: mergingSection(report), cut: omitted('What merging does') },
    { text: undoSection(report.undo) },
    { text: details('Lineage', lineageList(report.lineage)), cut: 'Lineage: left out, too long.' },
  ]
  return {
    title: clip(`Promote ${report.model} ${change} to ${report.environment}${mode}`, MAX_TITLE),
    body: assemble(parts, report, hidden('promotion', report)),
  }
}

/** The pull request of a rollback. */
export function describeRollback(report: RollbackReport): Description {
  const names = sides(report)
  const { ranBefore, reason, findings } = report
  const change = `${names.from} -> ${names.to}`
  const pods = report.objects.podsRestart
    ? 'Serving pods **restart**, by a rolling update'
    : 'Serving pods **do not restart**'
  const effects = [
    `Runs ${escapeText(names.to)} instead of ${escapeText(names.from ?? '')}`,
    ...objectLines(report.objects),
    pods,
  ]
  const before =
    ranBefore === undefined
      ? 'That it ran here before is **not known** from history.'
      : `It ran here before (${inlineCode(ranBefore.commit.slice(0, 7))}, ${escapeText(ranBefore.date)}).`
  const parts: Part[] = [
    {
      text: `## ${escapeText(clip(report.model, 100))} back: ${escapeText(change)}\n**${escapeText(report.environment)}: rollback**`,
    },
    { text: `${before}\nNothing was measured or gated again for this.` },
    { text: reason === undefined ? '' : `> **Reason:** ${escapeText(clip(reason, 1000))}` },
    { text: lookHere(findings.map(({ message }) => `warning: ${escapeText(clip(message, 300))}`)) },
    { text: `### What merging does\n\n${effects.map((line) => `- ${line}`).join('\n')}` },
    { text: undoSection(report.undo) },
  ]
  return {
    title: clip(`Roll back ${report.model} ${change} in ${report.environment}`, MAX_TITLE),
    body: assemble(parts, report, hidden('rollback', report)),
  }
}

function lookHere(items: readonly string[]): string {
  if (items.length === 0) return ''
  const more = items.length - MOST_ITEMS
  const shown = [...items.slice(0, MOST_ITEMS), ...(more > 0 ? [`and ${more} more`] : [])]
  if (shown.length === 1) return `> **Look here:** ${shown[0]}`
  return ['> **Look here:**', '>', ...shown.map((item) => `> - ${item}`)].join('\n')
}

type Sides = { model: string; environment: string; from?: RunningVersion; to: RunningVersion; baseCommit: string }

function hidden(kind: HiddenBlock['kind'], { model, environment, from, to, baseCommit }: Sides): string {
  const name = ({ version, release }: RunningVersion) => release ?? version
  const block = { v: 1 as const, kind, model, env: environment, to: name(to), base: baseCommit }
  return formatHiddenBlock(from === undefined ? block : { ...block, from: name(from) })
}

/** Joins the parts, adds the diffs, and cuts from the least important on until GitHub takes it: rendered diff first. */
function assemble(
  parts: readonly Part[],
  { pinDiff, renderedDiff, baseCommit }: { pinDiff: string; renderedDiff: string; baseCommit: string },
  block: string,
): string {
  const end = [`Everything here was checked at base ${inlineCode(baseCommit.slice(0, 7))}.\n${block}`]
  const join = (texts: readonly string[]) => texts.filter((text) => text !== '').join('\n\n')
  const shown = parts.map(({ text }) => text)
  for (let index = parts.length - 1; index >= 0 && join([...shown, ...end]).length > MAX_BODY / 2; index--) {
    shown[index] = parts[index]?.cut ?? shown[index] ?? ''
  }
  const left = () => MAX_BODY - join([...shown, ...end]).length
  const folded = (title: string, diff: string, budget: number) => {
    const summary = `${title}: ${diffSize(diff)}`
    return details(summary, diffBlocks(diff, budget - details(summary, '').length - 4))
  }
  shown.push(folded('Pin diff', pinDiff, left() / 2))
  shown.push(folded('Rendered diff', renderedDiff, left()))
  return join([...shown, ...end])
}
