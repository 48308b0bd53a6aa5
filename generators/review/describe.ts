import { assemble, type Description, hidden, lookHere, MAX_TITLE, type Part } from './assemble-body.ts'
import { gatesSection } from './gates-section.ts'
import { clip, details, escapeText } from './markdown.ts'
import { formatNumber } from './numbers.ts'
import { predictionSection } from './prediction-section.ts'
import type { PromotionReport } from './report.ts'
import { costSection, interfaceSection, lineageList, mergingSection, undoSection } from './sections.ts'
import {
  callersSentence,
  costSentence,
  itemsToJudge,
  modeName,
  place,
  predictionsSentence,
  sides,
  verdict,
} from './summary.ts'

/** The pull request of a promotion. Pure: the same report gives the same text. */
export function describePromotion(report: PromotionReport): Description {
  const names = sides(report)
  const change = names.from === undefined ? names.to : `${names.from} -> ${names.to}`
  const mode =
    report.mode.kind === 'stable' ? '' : ` (${modeName(report.mode.kind)} ${formatNumber(report.mode.weight)} %)`
  const sentences = [callersSentence(report), predictionsSentence(report), costSentence(report)]
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
