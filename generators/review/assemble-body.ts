import { diffBlocks, diffSize } from './diff-blocks.ts'
import { details, inlineCode } from './markdown.ts'
import { formatHiddenBlock, type HiddenBlock } from './pull-request-metadata.ts'
import type { RunningVersion } from './report.ts'

/** GitHub's limit of a body, in characters. */
export const MAX_BODY = 65_536
/** GitHub's limit of a title. */
export const MAX_TITLE = 256
/** More of them are not read on a phone, and the count is in the headline. */
const MOST_ITEMS = 10

/** Title and body of a pull request, Markdown. */
export interface Description {
  title: string
  body: string
}

/** One part of a body; `cut` stands in for it when the body is too long. */
export interface Part {
  text: string
  cut?: string
}

/** What a reader should not miss; empty when there is nothing. */
export function lookHere(items: readonly string[]): string {
  if (items.length === 0) return ''
  const more = items.length - MOST_ITEMS
  const shown = [...items.slice(0, MOST_ITEMS), ...(more > 0 ? [`and ${more} more`] : [])]
  if (shown.length === 1) return `> **Needs attention:** ${shown[0]}`
  return ['> **Needs attention:**', '>', ...shown.map((item) => `> - ${item}`)].join('\n')
}

type Sides = { model: string; environment: string; from?: RunningVersion; to: RunningVersion; baseCommit: string }

/** The machine-readable block that ends a body. */
export function hidden(kind: HiddenBlock['kind'], { model, environment, from, to, baseCommit }: Sides): string {
  const name = ({ version, release }: RunningVersion) => release ?? version
  const block = { v: 1 as const, kind, model, env: environment, to: name(to), base: baseCommit }
  return formatHiddenBlock(from === undefined ? block : { ...block, from: name(from) })
}

/** Joins the parts, adds the diffs, and cuts from the least important on until GitHub takes it: rendered diff first. */
export function assemble(
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
