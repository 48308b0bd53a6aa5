import { assemble, type Description, hidden, lookHere, MAX_TITLE, type Part } from './assemble-body.ts'
import { clip, escapeText, inlineCode } from './markdown.ts'
import { count, formatNumber } from './numbers.ts'
import type { CandidateReport, RetirementReport, RollbackReport, RunningVersion } from './report.ts'
import { objectLines, undoSection } from './sections.ts'
import { modeName, shareSentence, sides } from './summary.ts'

type Step = RollbackReport | CandidateReport | RetirementReport

/** The pull request of a rollback. */
export function describeRollback(report: RollbackReport): Description {
  const { ranBefore, candidate, environment } = report
  if (candidate && report.from && isSame(report.from, report.to)) return describeEndedCandidate(report, candidate)
  const names = sides(report)
  const change = names.from === undefined ? names.to : `${names.from} -> ${names.to}`
  const ended = candidate && `${modeName(candidate.mode)} ${sides({ to: candidate.version }).to}`
  const before =
    ranBefore === undefined
      ? 'That it ran here before is **not known** from history.'
      : `It ran here before (${inlineCode(ranBefore.commit.slice(0, 7))}, ${escapeText(ranBefore.date)}).`
  return describeStep(report, {
    title: `Roll back ${report.model} ${change}${ended ? `, end ${ended}` : ''} in ${environment}`,
    heading: `back: ${change}`,
    verdict: ended ? `rollback, ${ended} ends` : 'rollback',
    sentences: `${before}\nNothing was measured or gated again for this.`,
    effect: `Runs ${escapeText(names.to)} ${names.from === undefined ? 'again' : `instead of ${escapeText(names.from)}`}${ended ? `; ends ${escapeText(ended)}` : ''}`,
    restarts: names.from !== undefined,
    block: hidden('rollback', report),
  })
}

function isSame(one: RunningVersion, other: RunningVersion): boolean {
  return one.version === other.version && one.release === other.release
}

/** A rollback while a candidate runs takes the candidate out; the stable version stays. */
function describeEndedCandidate(
  report: RollbackReport,
  { version, mode, weight }: NonNullable<RollbackReport['candidate']>,
): Description {
  const { model, environment, to } = report
  const names = sides({ from: to, to: version })
  const kind = modeName(mode)
  return describeStep(report, {
    title: `Roll back ${model} in ${environment}: end ${kind} ${names.to}, keep ${names.from}`,
    heading: `back: ${names.to} ends, ${names.from} stays`,
    verdict: `rollback, ${kind} of ${formatNumber(weight)} % ends`,
    sentences: `${answersEverything(names.from ?? '', mode)}\nNothing was measured or gated again for this.`,
    effect: `${mode === 'shadow' ? 'Copies' : 'Sends'} no more requests to ${escapeText(names.to)}`,
    restarts: true,
    block: hidden('rollback', report),
  })
}

/** The answers of a shadow reach nobody. */
function answersEverything(stable: string, mode: CandidateReport['mode']): string {
  return `${escapeText(stable)} answers everything${mode === 'shadow' ? ', as before' : ' again'}.`
}

/** The pull request that widens, narrows or ends a candidate. */
export function describeCandidate(report: CandidateReport): Description {
  const { model, environment, stable, candidate, weight } = report
  const names = sides({ from: stable, to: candidate })
  const kind = modeName(report.mode)
  const share = (percent: number) => `${formatNumber(percent)} %`
  const block = hidden('candidate', { ...report, from: stable, to: candidate })
  if (weight.to === undefined) {
    return describeStep(report, {
      title: `End ${kind} ${names.to} of ${model} in ${environment}`,
      heading: `${names.to} goes`,
      verdict: `${kind} of ${share(weight.from)} ends`,
      sentences: `${answersEverything(names.from ?? '', report.mode)}\nNothing was measured or gated for this.`,
      effect: `${report.mode === 'shadow' ? 'Copies' : 'Sends'} no more requests to ${escapeText(names.to)}`,
      restarts: true,
      block,
    })
  }
  const effect = shareSentence({ ...report, kind: report.mode, weight: weight.to }, escapeText(names.to))
  return describeStep(report, {
    title: `Change ${kind} ${names.to} of ${model} in ${environment}: ${share(weight.from)} -> ${share(weight.to)}`,
    heading: `${names.to}: ${share(weight.from)} -> ${share(weight.to)}`,
    verdict: `${kind} ${weight.to > weight.from ? 'widened' : 'narrowed'}`,
    sentences: `${escapeText(names.from ?? '')} stays the stable version.\nNothing was measured or gated again for this.`,
    effect: `${effect}, ${share(weight.from)} before`,
    restarts: true,
    block,
  })
}

/** The pull request after which a model runs in an environment no longer. */
export function describeRetirement(report: RetirementReport): Description {
  const { model, environment, from, callers, runsOn } = report
  const name = sides({ to: from }).to
  const called =
    'unknown' in callers
      ? `Who still calls it is **unknown**: ${escapeText(callers.unknown)}.`
      : callers.requests === 0
        ? `Nobody called it in the last ${escapeText(callers.during)}.`
        : `It answered **${count(callers.requests, 'request')}** in the last ${escapeText(callers.during)}: ${callers.routes.map((one) => `${escapeText(one.route)} ${formatNumber(one.requests)}`).join(', ')}.`
  const downstream = runsOn.map(({ environment: other, version }) => {
    const same = isSame(version, from) ? ', the same release' : ''
    const running = sides({ to: version }).to
    return `**${escapeText(other)}** takes this model from ${escapeText(environment)} and keeps running ${escapeText(running)}${same}: nothing is left here to promote to it.`
  })
  return describeStep(report, {
    title: `Retire ${model} ${name} in ${environment}`,
    heading: `${name} retires`,
    verdict: 'retirement',
    sentences: [called, ...downstream, 'Versions and releases stay: it can come back.'].join('\n'),
    effect: 'Argo CD removes its objects; callers get **404** or no connection',
    restarts: false,
    block: hidden('retirement', { ...report, to: from }),
  })
}

interface Words {
  title: string
  /** Beside the model's name. */
  heading: string
  /** Beside the environment's. */
  verdict: string
  sentences: string
  /** The first thing that merging does: Markdown. */
  effect: string
  /** Whether pods are left that could restart. */
  restarts: boolean
  block: string
}

function describeStep(report: Step, words: Words): Description {
  const { reason, findings, objects } = report
  const pods = objects.podsRestart ? 'Serving pods **restart**, by a rolling update' : 'Serving pods **do not restart**'
  const effects = [words.effect, ...objectLines(objects), ...(words.restarts ? [pods] : [])]
  const heading = `## ${escapeText(clip(report.model, 100))} ${escapeText(words.heading)}`
  const parts: Part[] = [
    { text: `${heading}\n**${escapeText(report.environment)}: ${escapeText(words.verdict)}**` },
    { text: words.sentences },
    { text: reason === undefined ? '' : `> **Reason:** ${escapeText(clip(reason, 1000))}` },
    { text: lookHere(findings.map(({ message }) => `warning: ${escapeText(clip(message, 300))}`)) },
    { text: `### What merging does\n\n${effects.map((line) => `- ${line}`).join('\n')}` },
    { text: undoSection(report.undo) },
  ]
  return { title: clip(words.title, MAX_TITLE), body: assemble(parts, report, words.block) }
}
