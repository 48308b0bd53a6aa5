import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { forAll } from '../testing/random.ts'
import { ownersOf } from './code-owners.ts'
import { globPattern } from './glob.ts'
import { PathPattern, type PatternPart } from './path-pattern.ts'

const test = suite('patterns of paths')

const EXPRESSIONS = {
  character: '[^/]',
  name: '[^/]*',
  path: '.*',
  below: '.+',
  folders: '(?:.*/)?',
  'folder-or-file': '(?:/.*)?',
} as const

test('a pattern matches what its regular expression does', () => {
  const wildcards = Object.keys(EXPRESSIONS) as (keyof typeof EXPRESSIONS)[]
  let matched = 0
  forAll(3000, (random) => {
    const parts = random.list(
      5,
      (): PatternPart =>
        random.below(2) === 0
          ? { text: random.pick(['a', 'b', '/', 'ab', 'a/']) }
          : { wildcard: random.pick(wildcards) },
    )
    const text = random.list(6, () => random.pick(['a', 'b', '/'])).join('')
    const source = parts.map((part) => ('text' in part ? part.text : EXPRESSIONS[part.wildcard])).join('')
    const expected = new RegExp(`^${source}$`, 's').test(text)
    if (expected) matched++
    assert.is(new PathPattern(parts).test(text), expected, `${source} ${text}`)
  })
  assert.ok(matched > 300, `${matched} matched`)
})

test('no pattern takes longer than its length times that of the path', () => {
  const path = `${'a/'.repeat(2000)}b`
  assert.not(globPattern(`${'**/a*'.repeat(40)}c`).test(path))
  assert.not(globPattern(`${'*a'.repeat(50)}c`).test('a'.repeat(4000)))
  assert.equal(ownersOf(`${'**/a*'.repeat(40)}c @team\n`, [path]), [])
})

test.run()
