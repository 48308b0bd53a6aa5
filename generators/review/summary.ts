import { clip, escapeText } from './markdown.ts'
import { count, formatNumber, formatShare } from './numbers.ts'
import { isUnchanged, signedNumber, signedShift } from './prediction-section.ts'
import type { CandidateReport, PromotionReport, RunningVersion } from './report.ts'

/** Names of both sides, told apart: by version, or by release where the version is the same. */
export function sides({ from, to }: { from?: RunningVersion; to: RunningVersion }): { from?: string; to: string } {
  const name = ({ version, release }: RunningVersion) => (from?.version === to.version ? (release ?? version) : version)
  return { ...(from ? { from: clip(name(from), 60) } : {}), to: clip(name(to), 60) }
}

/** `production, canary 10 %` */
export function place({ environment, mode }: PromotionReport): string {
  return mode.kind === 'stable' ? environment : `${environment}, ${modeName(mode.kind)} ${formatNumber(mode.weight)} %`
}

export function modeName(kind: 'canary' | 'ab' | 'shadow'): string {
  return kind === 'ab' ? 'A/B' : kind
}

/** What requests the candidate gets: Markdown. @param to its name, Markdown */
export function shareSentence(
  {
    kind,
    weight,
    header,
    value,
    feature,
  }: Pick<CandidateReport, 'header' | 'value' | 'feature'> & {
    kind: CandidateReport['mode']
    weight: number
  },
  to: string,
): string {
  const share = `${formatNumber(weight)} %`
  const named = (text: string) => escapeText(clip(text, 60))
  switch (kind) {
    case 'shadow':
      return `Copies ${share} of requests to ${to}; callers never see its answers`
    case 'canary':
      return `Sends ${share} of requests to ${to} (canary)`
    case 'ab': {
      if (header !== undefined && value !== undefined) {
        return `Sends requests whose header ${named(header)} is ${named(value)} to ${to} (A/B)`
      }
      const by = header === undefined ? feature && `feature ${named(feature)}` : `header ${named(header)}`
      return `Sends ${share} of ${by ? `the values of ${by}` : 'requests'} to ${to} (A/B)`
    }
  }
}

/** What a person has to decide, because no machine did: Markdown, the weightiest first. */
export function itemsToJudge(report: PromotionReport): string[] {
  const { gates, interfaceChanges, predictions, objects, findings } = report
  const say = (text: string) => escapeText(clip(text, 300))
  const breaking = (interfaceChanges ?? []).filter(({ kind }) => kind === 'breaking')
  const golden = predictions.kind === 'unknown' ? undefined : predictions.golden
  const notCompared = report.from !== undefined && predictions.kind === 'unknown'
  // What says more below is not counted a second time as a gate.
  const told = [...(breaking.length > 0 ? ['interface'] : []), ...(golden ? ['golden-samples'] : [])]
  const agreed = gates.find(({ gate }) => gate === 'interface')?.overridden
  const named = (result: string) =>
    gates.filter((gate) => gate.result === result && gate.overridden === undefined && !told.includes(gate.gate ?? ''))
  return [
    ...gates.flatMap(({ gate, name, detail, overridden }) =>
      overridden === undefined || (gate === 'interface' && breaking.length > 0)
        ? []
        : [`gate **overridden**: ${say(`${name} (${detail})`)}: ${say(overridden)}`],
    ),
    ...named('fail').map(({ name, detail }) => `gate **failed**: ${say(`${name} (${detail})`)}`),
    ...conspicuousSlices(predictions).map((text) => say(text)),
    ...breaking.map(({ message }) => {
      return `callers **break**: ${say(message)}${agreed === undefined ? '' : `; **overridden**: ${say(agreed)}`}`
    }),
    ...(golden && golden.passed < golden.total
      ? [`${golden.total - golden.passed} of ${golden.total} golden samples **fail**`]
      : []),
    ...(objects.otherModels.length > 0 ? [`**other models** change: ${say(objects.otherModels.join(', '))}`] : []),
    ...named('unknown').map(({ name, detail }) => `gate **unknown**: ${say(`${name} (${detail})`)}`),
    ...(gates.length === 0 ? ['**no gate** judges this promotion'] : []),
    ...(report.from && interfaceChanges === undefined ? ['the interfaces were **not compared**'] : []),
    ...(notCompared ? [`predictions were **not compared**: ${say(predictions.reason)}`] : []),
    ...findings.map(({ message, file, line }) => {
      const where = file === undefined ? '' : ` (${file}${line === undefined ? '' : `:${line}`})`
      return `warning: ${say(`${message}${where}`)}`
    }),
  ]
}

/** Twice the change of all rows, in a group large enough to mean it. */
const CONSPICUOUS = 2
const MOST_SLICES = 3

/** Groups of rows that an average hides. One whose error falls beyond chance changes for the better, and is in the table. */
function conspicuousSlices(predictions: PromotionReport['predictions']): string[] {
  if (predictions.kind === 'unknown') return []
  const found = (predictions.slices ?? []).flatMap(({ feature, label, rows, ratio, error, bias }) => {
    const group = `${feature}=${label}`
    const size = `${count(rows, 'row')}; no gate covers this group`
    if (error?.isWorse) {
      const shown = (value: number) =>
        predictions.kind === 'classification' ? formatShare(value, 1) : formatNumber(value)
      const what = predictions.kind === 'classification' ? 'wrong more often' : 'further off on average'
      const shifted = bias ? `, answers ${signedShift(bias)}` : ''
      return [`${group} is ${what}: ${shown(error.from)} -> ${shown(error.to)}${shifted} (${size})`]
    }
    if (error?.isBetter) return []
    if (bias?.isApart) {
      const elsewhere = `${signedNumber(bias.elsewhere)} in all other rows`
      return [`${group} shifts: answers ${signedShift(bias)} on average, ${elsewhere} (${size})`]
    }
    return ratio >= CONSPICUOUS
      ? [`${group} changes ${formatNumber(Number(ratio.toFixed(1)))}x as much as all rows (${size})`]
      : []
  })
  return found.slice(0, MOST_SLICES)
}

/** The headline: nothing that was left unchecked may hide behind it. */
export function verdict(report: PromotionReport): string {
  const items = itemsToJudge(report).length
  if (items > 0) return `${count(items, 'item needs', 'items need')} your judgement`
  const pending = report.gates.filter(({ result }) => result === 'pending').length
  return pending === 0 ? 'every gate passed' : `every gate so far passed, ${pending} pending`
}

/** What changes for those who call the model. */
export function callersSentence({ from, interfaceChanges }: PromotionReport): string {
  if (from === undefined) return 'First version here: nobody calls it in this environment yet.'
  if (interfaceChanges === undefined) return 'Whether callers must change is **unknown**.'
  const breaking = interfaceChanges.filter(({ kind }) => kind === 'breaking').length
  if (breaking > 0) return `Callers **must change**: ${count(breaking, 'breaking change')}.`
  if (interfaceChanges.length === 0) return 'Callers change **nothing**.'
  return `Callers **need not change**: ${count(interfaceChanges.length, 'compatible change')}.`
}

export function predictionsSentence({ from, predictions }: PromotionReport): string {
  switch (predictions.kind) {
    case 'unknown':
      return from === undefined ? '' : 'How predictions change is **unknown**.'
    case 'classification': {
      if (isUnchanged(predictions)) return `No prediction changes (${count(predictions.rows, 'row')}).`
      const changed = predictions.flips.reduce((sum, { rows }) => sum + rows, 0)
      return `${formatShare(changed, predictions.rows)} of labels change (${count(predictions.rows, 'row')}).`
    }
    case 'regression': {
      if (isUnchanged(predictions)) return `No prediction changes (${count(predictions.rows, 'row')}).`
      const { meanAbsoluteChange: mean, maxAbsoluteChange: max, rows } = predictions
      return `Predictions change by ${formatNumber(mean)} on average, ${formatNumber(max)} at most (${count(rows, 'row')}).`
    }
  }
}

/** Below it, a difference of the median is what two runs of one file differ by. */
const NOISE = 1.1

/** Time, memory and size against the version before: each only as far as it was measured. */
export function costSentence({ cost }: PromotionReport): string {
  const { from, to, p50Ratio, p99Ratio, sameArtifact } = cost
  if (!from) return ''
  if (sameArtifact) return 'The artifact is the same file.'
  return [
    p50Ratio && latencySentence(p50Ratio),
    // Half of the calls may take as long as before, and the slowest not.
    p99Ratio && p99Ratio.low > NOISE && `Slow calls are **slower** (p99 ${formatInterval(p99Ratio)}).`,
    grown('Memory', from.memoryBytes, to.memoryBytes),
    grown('The artifact', from.artifactBytes, to.artifactBytes),
  ]
    .filter((sentence) => typeof sentence === 'string' && sentence !== '')
    .join(' ')
}

function latencySentence({ low, high }: { low: number; high: number }): string {
  const interval = `(p50 ${formatInterval({ low, high })})`
  if (low > 1 && high > NOISE) return `The model is **slower** ${interval}.`
  if (high < 1 && low < 1 / NOISE) return `The model is faster ${interval}.`
  if (low >= 1 / NOISE && high <= NOISE)
    return low <= 1 && high >= 1
      ? `Latency is unchanged ${interval}.`
      : `Latency changes by less than 10 % ${interval}.`
  return `Cannot tell whether latency changes ${interval}.`
}

/** `0.98x-1.03x` */
export function formatInterval({ low, high }: { low: number; high: number }): string {
  return `${low.toFixed(2)}x-${high.toFixed(2)}x`
}

/** Of a quarter and more; less is in the table. */
function grown(what: string, before: number | undefined, after: number | undefined): string {
  if (!before || !after) return ''
  const ratio = after / before
  if (ratio < 1.25 && ratio > 0.8) return ''
  return ratio > 1 ? `${what} is **${formatNumber(ratio)}x** as large.` : `${what} shrinks to ${formatNumber(ratio)}x.`
}
