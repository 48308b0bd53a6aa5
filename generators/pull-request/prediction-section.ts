import { CODE_WIDTH, clip, codeBlock, escapeText, table } from './markdown.ts'
import { count, formatNumber, formatShare } from './numbers.ts'
import type { ClassificationComparison, PromotionReport, RegressionComparison } from './report.ts'

const MOST_FLIPS = 8

/** How predictions differ between the two versions. */
export function predictionSection({ predictions, from }: PromotionReport): string {
  const heading = '### How predictions change'
  if (predictions.kind === 'unknown') {
    const reason = escapeText(clip(predictions.reason, 300))
    const what = from === undefined ? 'Nothing to compare with' : '**Not compared**'
    return `${heading}\n\n${what}: ${reason}`
  }
  const { passed, total } = predictions.golden
  const golden = total === 0 ? 'No golden samples.' : `Golden samples: ${passed}/${total}.`
  const shown = predictions.kind === 'regression' ? regression(predictions) : classification(predictions)
  return [heading, `Both versions on the same ${count(predictions.rows, 'row')}.`, ...shown, golden].join('\n\n')
}

function classification({ rows, flips }: ClassificationComparison): string[] {
  const sorted = [...flips].filter((flip) => flip.rows > 0).sort((a, b) => b.rows - a.rows)
  const sum = (some: readonly { rows: number }[]) => some.reduce((total, flip) => total + flip.rows, 0)
  const line = (name: string, number: number) => [name, formatNumber(number), formatShare(number, rows)]
  const rest = sorted.slice(MOST_FLIPS)
  return [
    table(
      ['', 'Rows', 'Share'],
      [
        line('same label', rows - sum(sorted)),
        ...sorted.slice(0, MOST_FLIPS).map((flip) => {
          return line(`${escapeText(clip(flip.from, 30))} to ${escapeText(clip(flip.to, 30))}`, flip.rows)
        }),
        ...(rest.length > 0 ? [line(`${rest.length} other kinds`, sum(rest))] : []),
      ],
    ),
  ]
}

function regression(comparison: RegressionComparison): string[] {
  const { meanAbsoluteChange, maxAbsoluteChange, rows: total } = comparison
  const counted = comparison.histogram.reduce((sum, { rows }) => sum + rows, 0)
  // A row whose prediction is no number is in no bin, and must not disappear.
  const histogram = [
    ...comparison.histogram,
    ...(counted < total ? [{ label: 'no number', rows: total - counted }] : []),
  ]
  const mean = `Mean change ${formatNumber(meanAbsoluteChange)}, largest ${formatNumber(maxAbsoluteChange)}, in the output's unit.`
  if (total === 0) return [mean]
  const longest = Math.max(...histogram.map(({ label }) => Array.from(label).length))
  const labels = Math.min(longest, 18)
  // The longest share is `>99.9 %`.
  const bars = CODE_WIDTH - labels - ' '.length * 2 - 7
  const lines = histogram.map(({ label, rows }) => {
    // A dot: some rows, too few for a mark.
    const bar = '#'.repeat(Math.floor((rows / total) * bars)) || (rows > 0 ? '.' : '')
    return `${clip(label, labels).padEnd(labels)} ${bar.padEnd(bars)} ${formatShare(rows, total).padStart(7)}`
  })
  const heading = clip('|change| relative to before', CODE_WIDTH - 6)
  return [codeBlock([`${heading.padEnd(CODE_WIDTH - 5)}share`, ...lines]), mean]
}
