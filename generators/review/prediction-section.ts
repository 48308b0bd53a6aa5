import { CODE_WIDTH, clip, codeBlock, details, escapeText, table } from './markdown.ts'
import { count, formatNumber, formatShare } from './numbers.ts'
import type { Changes, ClassificationComparison, PromotionReport, RegressionComparison, Slice } from './report.ts'

type Compared = ClassificationComparison | RegressionComparison

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
  if (isUnchanged(predictions)) {
    return [heading, replayed(predictions), `Every answer is the same: no group and no row changes.\n${golden}`].join(
      '\n\n',
    )
  }
  const shown = predictions.kind === 'regression' ? regression(predictions) : classification(predictions)
  return [
    heading,
    replayed(predictions),
    ...shown,
    golden,
    ...slicesTable(predictions),
    ...largestTable(predictions),
  ].join('\n\n')
}

/** As after a change of the image or of settings: tables of zeros would say nothing more. */
export function isUnchanged(predictions: Compared): boolean {
  if (predictions.kind === 'regression') return predictions.maxAbsoluteChange === 0
  const { flips, score } = predictions
  return flips.every(({ rows }) => rows === 0) && (score === undefined || score.maxAbsoluteChange === 0)
}

function replayed({ rows, from, skipped = 0, note }: Compared): string {
  const what = from === 'evaluation' ? 'evaluation rows' : 'golden samples'
  const left = skipped > 0 ? `; ${count(skipped, 'row')} more that one of them does not take` : ''
  const lines = [`Both versions on the same ${count(rows, 'row')}${from === undefined ? '' : ` (${what})`}${left}.`]
  if (note !== undefined) lines.push(`Not on the evaluation rows: ${escapeText(clip(note, 200))}.`)
  return lines.join('\n')
}

/** Declared categories, apart: an average hides what happens to a few. */
function slicesTable({ slices = [], kind }: Compared): string[] {
  if (slices.length === 0) return []
  const isClass = kind === 'classification'
  const size = (value: number) => (isClass ? formatShare(value, 1) : formatNumber(value))
  const knowsTruth = slices.every(({ error }) => error)
  const rows = slices.map(({ feature, label, rows: members, change, ratio, bias, error }) => {
    const group = `${escapeText(clip(`${feature}=${label}`, 40))} (${formatNumber(members)})`
    const signed = bias ? signedShift(bias) : ''
    if (!error) return [group, `${size(change)} (${formatNumber(Number(ratio.toFixed(1)))}x)`, signed]
    const after = error.isWorse ? `**${size(error.to)}**` : size(error.to)
    return [group, `${size(error.from)} -> ${after}`, signed]
  })
  const heading = ['Group (rows)', knowsTruth ? (isClass ? 'Wrong' : 'Error') : isClass ? 'Changed' : 'Mean change']
  const shown = isClass ? rows.map((row) => row.slice(0, 2)) : rows
  const worse = slices.filter(({ error }) => error?.isWorse).length
  const note = knowsTruth ? [`Worse beyond chance: ${worse === 0 ? 'none' : count(worse, 'group')} (Holm, 5 %).`] : []
  return ['### By group, the worst first', table(isClass ? heading : [...heading, 'Shift'], shown), ...note]
}

/** `-22.4 (-13 %)`: by how much answers of a group are higher on average than before. */
export function signedShift({ shift, relative }: Pick<NonNullable<Slice['bias']>, 'shift' | 'relative'>): string {
  const percent = relative === undefined ? undefined : Number((relative * 100).toPrecision(2))
  const share = percent === undefined ? '' : ` (${percent > 0 ? '+' : ''}${percent} %)`
  return `${signedNumber(shift)}${share}`
}

/** `+0.3`, `-22.4` */
export function signedNumber(value: number): string {
  return `${value > 0 ? '+' : ''}${formatNumber(value)}`
}

function largestTable(compared: Compared): string[] {
  const { largest = [] } = compared
  if (largest.length === 0) return []
  const of =
    compared.kind === 'classification' && compared.score ? ` in the probability of ${compared.score.label}` : ''
  const rows = largest.map(({ id, from, to }) => [escapeText(clip(id, 40)), formatNumber(from), formatNumber(to)])
  return [details(`The ${count(largest.length, 'largest change')}${of}`, table(['Row', 'Before', 'After'], rows))]
}

function classification({ rows, flips, score }: ClassificationComparison): string[] {
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
    ...(score ? changes(score, rows, '|change of probability|') : []),
    ...(score ? [`Probability of ${escapeText(clip(score.label, 30))}: ${sizes(score)}.`] : []),
  ]
}

function sizes({ meanAbsoluteChange, maxAbsoluteChange }: Changes): string {
  return `mean change ${formatNumber(meanAbsoluteChange)}, largest ${formatNumber(maxAbsoluteChange)}`
}

function regression(comparison: RegressionComparison): string[] {
  const { name, unit } = comparison.output ?? {}
  const what = name === undefined ? '' : `${escapeText(clip(name, 60))}: `
  const mean = `${what === '' ? 'Mean' : `${what}mean`}${sizes(comparison).slice(4)}, in ${unit === undefined ? "the output's unit" : escapeText(clip(unit, 30))}.`
  return [...changes(comparison, comparison.rows, '|change| relative to before'), mean]
}

/** Rows by size of change, as bars. */
function changes({ histogram: bins }: Changes, total: number, title: string): string[] {
  const counted = bins.reduce((sum, { rows }) => sum + rows, 0)
  // A row whose prediction is no number is in no bin, and must not disappear.
  const histogram = [...bins, ...(counted < total ? [{ label: 'no number', rows: total - counted }] : [])]
  if (total === 0) return []
  const longest = Math.max(...histogram.map(({ label }) => Array.from(label).length))
  const labels = Math.min(longest, 18)
  // The longest share is `>99.9 %`.
  const bars = CODE_WIDTH - labels - ' '.length * 2 - 7
  const lines = histogram.map(({ label, rows }) => {
    // A dot: some rows, too few for a mark.
    const bar = '#'.repeat(Math.floor((rows / total) * bars)) || (rows > 0 ? '.' : '')
    return `${clip(label, labels).padEnd(labels)} ${bar.padEnd(bars)} ${formatShare(rows, total).padStart(7)}`
  })
  const heading = clip(title, CODE_WIDTH - 6)
  return [codeBlock([`${heading.padEnd(CODE_WIDTH - 5)}share`, ...lines])]
}
