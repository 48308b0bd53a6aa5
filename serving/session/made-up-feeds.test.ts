import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../testing/fixtures.ts'
import { checkFeeds } from './check-feeds.ts'
import { madeUpFeeds } from './made-up-feeds.ts'

test('madeUpFeeds fits every interface', () => {
  for (const [name, modelInterface] of Object.entries(INTERFACES)) {
    assert.equal(checkFeeds(modelInterface, madeUpFeeds(modelInterface)), [], name)
  }
})

test('madeUpFeeds takes what the columns say: an example, the first category, the least value', () => {
  const { features } = madeUpFeeds(INTERFACES.diabetes)
  assert.equal([...(features?.data ?? [])].slice(0, 4), [18, 1, 10, 0])
  assert.equal(madeUpFeeds(INTERFACES.house).town?.data, ['north'])
})

test.run()
