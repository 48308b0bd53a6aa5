import type { World } from './candidates.ts'
import { checkedAt, type ExpectedPage, type ExpectedUnit, objectsLine, restarts } from './expected-page.ts'
import { type Opened, releaseOf } from './repository.ts'

const line = (text: string): ExpectedUnit => ({ kind: 'line', text: [text] })
const item = (text: string): ExpectedUnit => ({ kind: 'item', text: [text] })

interface Step {
  title: string
  heading: string
  verdict: string
  sentences: string[]
  effect: string
  undo: { command: string; isJudged: boolean }
  hidden: ExpectedPage['hidden']
}

/** What the page of a rollback, of a step of a candidate or of a retirement says. */
export function stepPage(world: World, opened: Opened): ExpectedPage {
  const { action } = world
  const { title, heading, verdict, sentences, effect, undo, hidden } = stepOf(world, opened)
  const reason = 'reason' in action ? action.reason : undefined
  return {
    title,
    heading: `${world.model} ${heading}`,
    hidden,
    sections: [
      {
        title: [''],
        isFolded: false,
        units: [
          line(`**production: ${verdict}**`),
          ...sentences.map(line),
          ...(reason === undefined ? [] : [{ kind: 'quote' as const, text: [`**Reason:** ${reason}`] }]),
        ],
      },
      {
        title: ['What merging does'],
        isFolded: false,
        units: [
          item(effect),
          objectsLine(opened),
          ...(action.kind === 'retire' ? [] : [item(restarts(opened, false))]),
          line(`**Undo** (${undo.isJudged ? 'gates judge it' : 'needs only the repository'})`),
          { kind: 'command', words: undo.command },
          checkedAt(opened),
        ],
      },
    ],
  }
}

function stepOf(world: World, opened: Opened): Step {
  const { model, champion, former, candidate, canary, action, sealed, image } = world
  if (!champion) throw new Error('nothing runs')
  const release = (version: typeof champion, resources = sealed.champion) =>
    releaseOf(world, version, resources, image.champion).name
  const [stable, beside] = [champion.version, candidate.version]
  const names = { from: release(champion), to: release(candidate, sealed.candidate) }
  const kind: 'canary' | 'shadow' = canary?.mode ?? 'canary'
  const verb = kind === 'shadow' ? 'Copies' : 'Sends'
  const everything = `${stable} answers everything${kind === 'shadow' ? ', as before' : ' again'}.`
  const restart = {
    command: `modelyard promote ${model} --from staging --to production --candidate ${kind} --weight ${canary?.weight}`,
    isJudged: true,
  }
  if (action.kind === 'retire') {
    return {
      title: `Retire ${model} ${stable} in production`,
      heading: `${stable} retires`,
      verdict: 'retirement',
      sentences: [
        'Who still calls it is **unknown**: no Prometheus of production is known: prometheus in its environment.ts, or --prometheus.',
        'Versions and releases stay: it can come back.',
      ],
      effect: 'Argo CD removes its objects; callers get **404** or no connection',
      undo: { command: `modelyard rollback ${model} --env production`, isJudged: false },
      hidden: { kind: 'retirement', from: names.from, to: names.from },
    }
  }
  if (action.kind === 'rollback' && former) {
    const ran = opened.pinCommits[1]
    return {
      title: `Roll back ${model} ${stable} -> ${former.version} in production`,
      heading: `back: ${stable} -> ${former.version}`,
      verdict: 'rollback',
      sentences: [
        `It ran here before (\`${ran?.commit.slice(0, 7)}\`, ${ran?.date}).`,
        'Nothing was measured or gated again for this.',
      ],
      effect: `Runs ${former.version} instead of ${stable}`,
      undo: { command: `modelyard rollback ${model} --env production --to ${names.from}`, isJudged: false },
      hidden: { kind: 'rollback', from: names.from, to: release(former) },
    }
  }
  if (action.kind === 'rollback') {
    return {
      title: `Roll back ${model} in production: end ${kind} ${beside}, keep ${stable}`,
      heading: `back: ${beside} ends, ${stable} stays`,
      verdict: `rollback, ${kind} of ${canary?.weight} % ends`,
      sentences: [everything, 'Nothing was measured or gated again for this.'],
      effect: `${verb} no more requests to ${beside}`,
      undo: restart,
      hidden: { kind: 'rollback', from: names.from, to: names.from },
    }
  }
  if (action.kind !== 'candidate') throw new Error(`no page of steps: ${action.kind}`)
  const hidden = { kind: 'candidate', from: names.from, to: names.to }
  const { weight } = action
  if (weight === undefined) {
    return {
      title: `End ${kind} ${beside} of ${model} in production`,
      heading: `${beside} goes`,
      verdict: `${kind} of ${canary?.weight} % ends`,
      sentences: [everything, 'Nothing was measured or gated for this.'],
      effect: `${verb} no more requests to ${beside}`,
      undo: restart,
      hidden,
    }
  }
  const change = `${canary?.weight} % -> ${weight} %`
  return {
    title: `Change ${kind} ${beside} of ${model} in production: ${change}`,
    heading: `${beside}: ${change}`,
    verdict: `${kind} ${weight > (canary?.weight ?? 0) ? 'widened' : 'narrowed'}`,
    sentences: [`${stable} stays the stable version.`, 'Nothing was measured or gated again for this.'],
    effect: `Sends ${weight} % of requests to ${beside} (canary), ${canary?.weight} % before`,
    undo: { command: `modelyard candidate ${model} --env production --weight ${canary?.weight}`, isJudged: false },
    hidden,
  }
}
