import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatHiddenBlock, type HiddenBlock, readHiddenBlock } from './pull-request-metadata.ts'

const block: HiddenBlock = { v: 1, kind: 'promotion', model: 'm', env: 'production', to: '1.5.0-d20a77e1', base: 'abc' }

for (const hostile of [
  '-->',
  '--',
  '--->',
  '<!--',
  '"} -->',
  '\\u002d',
  'größer 😀',
  '-\u2028-',
  '<!-- modelyard:{} -->',
]) {
  test(`a name ${JSON.stringify(hostile)} survives the round trip and does not end the comment`, () => {
    const text = formatHiddenBlock({ ...block, model: hostile, from: hostile })
    assert.equal(readHiddenBlock(`before\n${text}\nafter`), { ...block, model: hostile, from: hostile })
    assert.not.match(text.slice(4, -3), /--|[<>]/)
  })
}

test('the last of several blocks counts', () => {
  const fake = formatHiddenBlock({ ...block, model: 'quoted in a diff' })
  assert.is(readHiddenBlock(`${fake}\n${formatHiddenBlock(block)}`)?.model, 'm')
})

test('a body without a block, or with one that cannot be understood, has none', () => {
  for (const body of [
    '',
    'text',
    '<!-- modelyard:{nonsense} -->',
    '<!-- modelyard:{"v":2} -->',
    formatHiddenBlock(block).replace('"env":"production"', '"env":7'),
  ]) {
    assert.is(readHiddenBlock(body), undefined)
  }
})

test.run()
