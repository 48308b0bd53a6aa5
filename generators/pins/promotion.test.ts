import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatReference, parseReference } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import { loadRepository, releaseReference, resolvePlan } from '../repository/index.ts'
import { type ExampleRepository, withExample } from '../testing/example-repository.ts'
import { parseYaml } from '../yaml/index.ts'
import type { PinChange } from './pin-change.ts'
import { type PromotionRequest, planPromotion } from './promotion.ts'

const test = suite('deciding a promotion')

const MODEL = 'diabetes-progression'
const PIN = `environments/production/pins/${MODEL}.yaml`
const MODEL_TS = `models/${MODEL}/model.ts`

/** Decides in a copy that `prepare` may change first. */
async function decide(
  request: Partial<PromotionRequest> = {},
  prepare: (example: ExampleRepository) => void = () => {},
): Promise<PinChange | undefined> {
  let change: PinChange | undefined
  await withExample(async (example) => {
    prepare(example)
    const repository = await loadRepository(example.root)
    assert.equal(repository.findings, [])
    const wanted = { model: MODEL, from: 'staging', to: 'production', ...request }
    change = planPromotion(repository, resolvePlan(repository), wanted)
  })
  return change
}

async function refusal(request: Partial<PromotionRequest>): Promise<[string, string?]> {
  const error = await decide(request).catch((thrown: unknown) => thrown)
  assert.instance(error, Failure)
  return [(error as Failure).message, (error as Failure).fix]
}

test('one scalar of the pin changes, and its comments stay', async () => {
  let [before, from, to] = ['', '', '']
  const change = await decide({}, ({ read, pinned }) => {
    ;[before, from, to] = [read(PIN), pinned('production', MODEL), pinned('staging', MODEL)]
  })
  assert.match(before, /^# Not below/)
  assert.equal(change?.pin, { file: PIN, before, after: before.replace(from, to) })
  const names = [from, to].map((text) => parseReference(text).name)
  assert.equal([change?.from?.reference, change?.to, change?.release], [...names, undefined])
})

const IMAGE = `sha256:${'5'.repeat(64)}`

/** Staging runs its version in another image. */
function otherImageInStaging({ read, write, stable }: ExampleRepository): void {
  const name = stable('staging', MODEL)
  const text = read(`models/${MODEL}/releases/${name}.yaml`).replace(/@sha256:\w+/, `@${IMAGE}`)
  const sealed = releaseReference(parseYaml('release', text).document?.value as never)
  write(`models/${MODEL}/releases/${sealed.name}.yaml`, text)
  write(`environments/staging/pins/${MODEL}.yaml`, `stable: ${formatReference(sealed)}\n`)
}

test('an image that the source runs is sealed with the version and the settings that the target runs', async () => {
  let before = ''
  const change = await decide({ image: IMAGE }, (example) => {
    before = example.stable('production', MODEL)
    otherImageInStaging(example)
  })
  const { content } = change?.release ?? {}
  assert.equal([change?.from?.reference, content?.version], [before, before.split('-')[0]])
  assert.ok(content?.servingImage.endsWith(`@${IMAGE}`))
  assert.equal(content?.settings, change?.from?.sealedSettings)
  assert.ok(change?.pin.after?.includes(`stable: ${change.to}@sha256:`))
  const [, fix] = await refusal({ image: `sha256:${'6'.repeat(64)}` })
  assert.is(fix, 'Bring the image to staging first, or name the digest that runs there.')
  // In that image already.
  const zeros = `sha256:${'0'.repeat(64)}`
  assert.is(await decide({ image: zeros }), undefined)
})

test('out of the first environment what runs there is sealed, under a name that its content gives', async () => {
  const change = await decide({ from: 'development', to: 'staging' }, ({ edit }) =>
    edit(MODEL_TS, 'batching: { maxSize: 64 }', 'batching: { maxSize: 16 }'),
  )
  const { release } = change ?? {}
  assert.ok(release)
  assert.is(release?.content.settings.batching.maxSize, 16)
  assert.is(change?.to, releaseReference(release?.content as never).name)
  assert.is(release?.file, `models/${MODEL}/releases/${change?.to}.yaml`)
  assert.equal(parseYaml('release', release?.text ?? '').document?.value, JSON.parse(JSON.stringify(release?.content)))
  assert.match(release?.text ?? '', /^# Sealed by `modelyard promote`/)
})

test('what is sealed already is not sealed again', async () => {
  let reference = ''
  const change = await decide({ from: 'development', to: 'staging' }, ({ edit, stable, pinned }) => {
    reference = stable('staging', MODEL)
    edit(`environments/staging/pins/${MODEL}.yaml`, pinned('staging', MODEL), pinned('production', MODEL))
  })
  assert.equal([change?.to, change?.release], [reference, undefined])
})

test('nothing is to be done where the release runs already', async () => {
  assert.is(await decide({ model: 'voice-activity' }), undefined)
})

test('a first promotion writes a new pin, and replaces nothing', async () => {
  let reference = ''
  const change = await decide({}, ({ remove, pinned }) => {
    reference = pinned('staging', MODEL)
    remove(PIN)
  })
  assert.equal(change?.pin, { file: PIN, after: `stable: ${reference}\n` })
  assert.is(change?.from, undefined)
})

test('planPromotion refuses a release that is the candidate already', async () => {
  const [message, fix] = await refusal({ model: 'house-price' })
  assert.match(message, /^house-price 1\.1\.0-\w{8} is already the candidate in production; finish or abort it first$/)
  assert.is(fix, 'Make it the stable version with: modelyard candidate house-price --env production --finish')
})

test('environments that do not follow each other are refused with the one that comes before', async () => {
  assert.equal(await refusal({ from: 'development', to: 'production' }), [
    'production does not take releases from development',
    'Promote from staging.',
  ])
  assert.equal(await refusal({ from: 'staging', to: 'staging' }), [
    'staging does not take releases from staging',
    'Promote from development.',
  ])
  assert.equal(await refusal({ from: 'production', to: 'development' }), [
    'development does not take releases from production',
    'development is a first environment: its pins name versions, by hand.',
  ])
})

test('a model or an environment that is not there is named with those that are', async () => {
  assert.equal(await refusal({ to: 'prod' }), [
    'there is no environment "prod"',
    'Name one of development, staging, production.',
  ])
  const [message, fix] = await refusal({ model: 'diabetes' })
  assert.is(message, 'diabetes does not run in staging: there is no environments/staging/pins/diabetes.yaml')
  assert.match(fix ?? '', MODEL)
})

test.run()
