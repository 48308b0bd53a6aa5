import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PinFile } from '../definitions/index.ts'
import type { AppliedChange } from '../pins/index.ts'
import { restartOf } from './restart-candidate.ts'

type Candidate = NonNullable<PinFile['candidate']>

const RELEASE = '1.1.0-00c0ffee'
const FILE = 'environments/production/pins/wine.yaml'
const BY_GIT = {
  command: `git checkout 4be91d0c6a5f -- ${FILE} && modelyard synth --env production`,
  isJudged: false,
}

/** Undoes the end of a candidate while staging runs `stable`. */
function restart(candidate: Partial<Candidate>, stable: { release?: string; version?: string } = { release: RELEASE }) {
  const { version = '1.1.0', ...release } = stable
  const staging = {
    definition: { name: 'staging' },
    models: [{ name: 'wine', stable: { facts: { version }, ...release } }],
  }
  const production = { definition: { value: { promotesFrom: { name: 'staging' } } } }
  const applied = {
    plan: { environments: [staging] },
    repository: { environments: new Map([['production', production]]) },
  }
  const ended: Candidate = { release: RELEASE, mode: 'canary', weight: 10, ...candidate }
  const subject = { model: 'wine', environment: 'production', file: FILE, candidate: ended }
  return restartOf(subject, applied as unknown as AppliedChange, '4be91d0c6a5f4e3d2c1b0a998877665544332211')
}

test('a candidate starts again by a promotion with all that its pin said, which gates judge', () => {
  const start = 'modelyard promote wine --from staging --to production'
  assert.equal(restart({}), { command: `${start} --candidate canary --weight 10`, isJudged: true })
  assert.is(restart({}, { version: '1.1.0' }).command, `${start} --candidate canary --weight 10`)
  assert.is(restart({ mode: 'ab', header: 'x-user' }).command, `${start} --candidate ab --weight 10 --header x-user`)
  assert.is(restart({ mode: 'ab', feature: 'zone' }).command, `${start} --candidate ab --weight 10 --feature zone`)
})

test('a candidate whose source has moved on, or whose split promote cannot say, comes back by its pin alone', () => {
  assert.equal(restart({}, { release: '1.2.0-0badcafe' }), BY_GIT)
  assert.equal(restart({}, { version: '1.2.0' }), BY_GIT)
  assert.equal(restart({ mode: 'ab', header: 'x-user', value: 'beta', weight: 100 }), BY_GIT)
  assert.equal(restart({ mode: 'ab', salt: 'second' }), BY_GIT)
})

test.run()
