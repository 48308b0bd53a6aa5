import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../findings/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import { withExample } from '../testing/example-repository.ts'
import type { PastPin } from './pin-history.ts'
import { planRollback, type Rollback, type RollbackRequest, refuseRemoved } from './rollback.ts'

const test = suite('deciding a rollback')

const MODEL = 'diabetes-progression'
const PIN = `environments/production/pins/${MODEL}.yaml`

/** States of the pin, newest first, a day apart. */
function history(...texts: (string | undefined)[]): PastPin[] {
  return texts.map((text, index) => ({
    text,
    date: `2026-01-${20 - index}T00:00:00Z`,
    commit: `c${texts.length - index}`,
  }))
}

/** Decides for a pin of the given text. */
async function decide(pin: string, past: PastPin[], request: Partial<RollbackRequest> = {}): Promise<Rollback> {
  let decided: Rollback | undefined
  await withExample(async ({ root, write }) => {
    write(PIN, pin)
    const repository = await loadRepository(root)
    decided = planRollback(
      repository,
      resolvePlan(repository),
      { model: MODEL, environment: 'production', ...request },
      past,
    )
  })
  return decided as Rollback
}

async function refusal(pin: string, past: PastPin[], request?: Partial<RollbackRequest>): Promise<[string, string?]> {
  const error = await decide(pin, past, request).catch((thrown: unknown) => thrown)
  assert.instance(error, Failure)
  return [(error as Failure).message, (error as Failure).fix]
}

const releases: Record<string, string> = {}
await withExample(async ({ stable, pinned }) => {
  releases.old = stable('production', MODEL)
  releases.now = stable('staging', MODEL)
  releases.oldPinned = pinned('production', MODEL)
})
const { old = '', now = '', oldPinned = '' } = releases

test('what ran last before the present release comes back; one scalar changes and comments stay', async () => {
  const pin = `# a comment\nstable: ${now} # why\n`
  const change = await decide(pin, history(pin, `stable: ${old}\n`, 'stable: 0.9.0-00000000\n'))
  assert.equal(change.pin, { file: PIN, before: pin, after: `# a comment\nstable: ${oldPinned} # why\n` })
  assert.equal([change.from?.reference, change.to], [now, old])
  assert.equal(change.ranBefore, { commit: 'c2', date: '2026-01-19T00:00:00Z' })
  assert.equal([change.gates, change.findings, change.release], [[], [], undefined])
})

test('a second rollback goes further back, and never forward to what was rolled back', async () => {
  const first = '0.9.0-00000000'
  const texts = [old, now, old, first].map((stable) => `stable: ${stable}\n`)
  const past = history(...texts)
  assert.is((await decide(`stable: ${old}\n`, past)).to, first)
  assert.is((await decide(`stable: ${old}\n`, past, { to: now })).to, now, 'forward again only when asked')
  const [message] = await refusal(`stable: ${first}\n`, history(`stable: ${first}\n`, ...texts))
  assert.is(message, `nothing else ran in production before ${first}`)
})

test('a release that ran before and was removed is named, with the commit that has it', async () => {
  const past = history(`stable: ${now}\n`, 'stable: 0.9.0-00000000\n')
  const change = await decide(`stable: ${now}\n`, past)
  await withExample(async ({ root }) => {
    const repository = await loadRepository(root)
    refuseRemoved(repository, { ...change, to: old })
    const file = `models/${MODEL}/releases/0.9.0-00000000.yaml`
    assert.throws(
      () => refuseRemoved(repository, change),
      ({ message, fix }: Failure) =>
        message === `${MODEL} 0.9.0-00000000 ran in production until ${file} was removed` &&
        fix === `Bring it back: git checkout c1 -- ${file}; or name another release with --to.`,
    )
  })
})

test('edits of the pin that kept the release are not what ran before', async () => {
  const past = history(`# again\nstable: ${now}\n`, `stable: ${now}\n`, `stable: "${old}"\n`)
  assert.is((await decide(`# again\nstable: ${now}\n`, past)).to, old)
})

test('a time without the pin, and one in which it was no YAML, are passed over', async () => {
  const past = history(`stable: ${now}\n`, undefined, 'stable: [\n', 'nothing: here\n', `stable: ${old}\n`)
  assert.is((await decide(`stable: ${now}\n`, past)).to, old)
})

test('--to takes a release or the version that ran there', async () => {
  const past = history(`stable: ${now}\n`, 'stable: 1.0.5-00000000\n', `stable: ${old}\n`)
  assert.is((await decide(`stable: ${now}\n`, past, { to: old })).to, old)
  assert.is((await decide(`stable: ${now}\n`, past, { to: '1.0.0' })).to, old)
})

test('a pin that names a release that does not exist can be rolled back too', async () => {
  const pin = 'stable: 7.7.7-deadbeef\n'
  const change = await decide(pin, history(pin, `stable: ${old}\n`))
  assert.equal([change.from, change.to], [undefined, old])
})

test('when nothing else ran the failure says what could help', async () => {
  assert.equal(await refusal(`stable: ${old}\n`, history(`stable: ${old}\n`)), [
    `nothing else ran in production before ${old}`,
    'Promote another release, or end the model there: modelyard retire diabetes-progression --env production',
  ])
  const cut = history(`stable: ${old}\n`).map((state) => ({ ...state, boundary: true as const }))
  assert.match((await refusal(`stable: ${old}\n`, cut))[1] ?? '', 'git fetch --unshallow')
})

test('a release that never ran there is refused with those that did', async () => {
  const past = history(`stable: ${now}\n`, `stable: ${old}\n`, 'stable: 0.9.0-00000000\n', `stable: ${old}\n`)
  assert.equal(await refusal(`stable: ${now}\n`, past, { to: '3.0.0' }), [
    `3.0.0 never ran in production before ${now}`,
    `Ran there before: ${old}, 0.9.0-00000000.`,
  ])
})

const CANARY = (release: string) => `candidate: { release: ${release}, mode: canary, weight: 10 } # since Monday\n`

test('while a candidate runs, a rollback ends the candidate and keeps the stable version', async () => {
  const pin = `# a comment\nstable: ${old} # why\n${CANARY(now)}`
  const change = await decide(pin, history(pin, `stable: ${old}\n`, 'stable: 0.9.0-00000000\n'))
  assert.equal(change.pin, { file: PIN, before: pin, after: `# a comment\nstable: ${old} # why\n` })
  assert.equal([change.replaces, change.to], [old, old])
  assert.equal(change.endedCandidate, { release: now, mode: 'canary', weight: 10 })
})

test('--to ends the candidate too, whichever release it names', async () => {
  const pin = `stable: ${now}\n${CANARY('1.2.0-00000000')}`
  const past = history(pin, `stable: ${now}\n`, `stable: 1.2.0-00000000\n`, `stable: ${old}\n`)
  for (const [to, after] of [
    [old, `stable: ${oldPinned}\n`],
    [now, `stable: ${now}\n`],
    ['1.2.0', 'stable: 1.2.0-00000000\n'],
  ] as const) {
    const change = await decide(pin, past, { to })
    assert.is(change.pin.after, after)
    assert.is(change.endedCandidate?.release, '1.2.0-00000000')
  }
})

test('a model or an environment that is not there is named with those that are', async () => {
  const pin = `stable: ${now}\n`
  const [model, models] = await refusal(pin, [], { model: 'nobody' })
  assert.is(model, 'nobody does not run in production: there is no environments/production/pins/nobody.yaml')
  assert.match(models ?? '', 'house-price')
  assert.equal(await refusal(pin, [], { environment: 'prod' }), [
    'there is no environment "prod"',
    'Name one of development, staging, production.',
  ])
})

test.run()
