import { clip, escapeText } from './markdown.ts'
import { count, formatNumber, formatShare } from './numbers.ts'
import type { PromotionReport, RunningVersion } from './report.ts'

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

/** What a person has to decide, because no machine did: Markdown, the weightiest first. */
export function itemsToJudge(report: PromotionReport): string[] {
  const { gates, interfaceChanges, predictions, objects, findings } = report
  const say = (text: string) => escapeText(clip(text, 300))
  const breaking = (interfaceChanges ?? []).filter(({ kind }) => kind === 'breaking')
  const golden = predictions.kind === 'unknown' ? undefined : predictions.golden
  const notCompared = report.from !== undefined && predictions.kind === 'unknown'
  // What says more below is not counted a second time as a gate.
  const told = [...(breaking.length > 0 ? ['interface'] : []), ...(golden || notCompared ? ['golden samples'] : [])]
  const named = (result: string) =>
    gates.filter((gate) => gate.result === result && gate.overridden === undefined && !told.includes(gate.name))
  return [
    ...gates.flatMap(({ name, detail, overridden }) =>
      overridden === undefined ? [] : [`gate **overridden**: ${say(`${name} (${detail})`)}: ${say(overridden)}`],
    ),
    ...named('fail').map(({ name, detail }) => `gate **failed**: ${say(`${name} (${detail})`)}`),
    ...conspicuousSlices(predictions).map((text) => say(text)),
    ...breaking.map(({ message }) => `callers **break**: ${say(message)}`),
    ...(golden && golden.passed < golden.total
      ? [`${golden.total - golden.passed} of ${golden.total} golden samples **fail**`]
      : []),
    ...(objects.otherModels.length > 0 ? [`**other models** change: ${say(objects.otherModels.join(', '))}`] : []),
    ...named('unknown').map(({ name, detail }) => `gate **not checked**: ${say(`${name} (${detail})`)}`),
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

/** Groups of rows that an average hides. */
function conspicuousSlices(predictions: PromotionReport['predictions']): string[] {
  if (predictions.kind === 'unknown') return []
  const found = (predictions.slices ?? []).flatMap(({ feature, label, rows, ratio, error }) => {
    const group = `${feature}=${label}`
    const size = `${count(rows, 'row')}; no gate covers this slice`
    if (error?.isWorse) {
      const what = predictions.kind === 'classification' ? 'wrong more often' : 'further off'
      return [`${group} is ${what}: ${formatNumber(error.from)} -> ${formatNumber(error.to)} (${size})`]
    }
    return ratio >= CONSPICUOUS ? [`${group} changes ${formatNumber(Number(ratio.toFixed(1)))}x more (${size})`] : []
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
      const changed = predictions.flips.reduce((sum, { rows }) => sum + rows, 0)
      return `${formatShare(changed, predictions.rows)} of labels change (${count(predictions.rows, 'row')}).`
    }
    case 'regression': {
      const { meanAbsoluteChange: mean, maxAbsoluteChange: max, rows } = predictions
      return `Predictions change by ${formatNumber(mean)} in the mean, ${formatNumber(max)} at most (${count(rows, 'row')}).`
    }
  }
}

/** Differences below a tenth of the time and a twentieth of a millisecond are what one machine's noise looks like. */
export function latencySentence({ cost }: PromotionReport): string {
  const [before, after] = [cost.from?.p50Ms, cost.to.p50Ms]
  if (before === undefined || after === undefined) return ''
  const difference = Math.abs(after - before)
  if (difference < 0.05 || difference < before / 10) return 'The model takes as long as before.'
  return `The model takes ${formatNumber(difference)} ms ${after > before ? 'longer' : 'less'} at the median.`
}
