import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatPath } from '../findings/index.ts'
import { forAll, type Random } from '../testing/random.ts'
import { parsePath } from '../yaml/path.ts'
import { formatYaml, parseYaml } from '../yaml/yaml.ts'
import { canonicalJson, contentDigest, sha256 } from './digest.ts'
import { nearest } from './nearest.ts'

test('a content digest does not depend on the order of keys, at any depth', () => {
  const value = { b: [{ y: 1, x: null }], a: { d: 'text', c: true } }
  const turned = { a: { c: true, d: 'text' }, b: [{ x: null, y: 1 }] }
  assert.is(contentDigest(value), contentDigest(turned))
  assert.is(canonicalJson(value), '{"a":{"c":true,"d":"text"},"b":[{"x":null,"y":1}]}')
  assert.is(contentDigest(value), createHash('sha256').update(canonicalJson(value)).digest('hex'))
})

test('a content digest depends on every value and on the order of lists', () => {
  const digests = [{ a: 1 }, { a: '1' }, { a: 2 }, { b: 1 }, { a: [1, 2] }, { a: [2, 1] }, { a: null }, {}].map(
    contentDigest,
  )
  assert.is(new Set(digests).size, digests.length)
})

test('comments, key order and line ends of a YAML file do not change its content digest', () => {
  const of = (text: string) => contentDigest(parseYaml('a.yaml', text).document?.value)
  assert.is(of('a: 1\nb: [x]\n'), of('# why\r\nb:\r\n  - x # y\r\na: 1\r\n'))
})

test('shuffled keys never change a content digest', () => {
  forAll(100, (random) => {
    const entries = random.list(8, () => [random.pick(['a', 'b', '10', '2', 'é', '__x']), random.below(5)] as const)
    const value = Object.fromEntries(entries)
    const shuffled = Object.fromEntries(Object.entries(value).sort(() => random.below(3) - 1))
    assert.is(contentDigest(shuffled), contentDigest(value))
    assert.is(contentDigest(parseYaml('a.yaml', formatYaml(shuffled)).document?.value), contentDigest(value))
  })
})

test('sha256 gives the digest that sha256sum prints', () => {
  assert.is(sha256(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  assert.is(sha256(new Uint8Array([97, 98, 99])), sha256('abc'))
})

test('the nearest name is the one that a typo meant', () => {
  const known = ['replicas', 'resources', 'batching', 'strict']
  assert.is(nearest('replcas', known), 'replicas')
  assert.is(nearest('Replicas', known), 'replicas')
  assert.is(nearest('batchign', known), 'batching')
  assert.is(nearest('ressource', known), 'resources')
  assert.is(nearest('timeout', known), undefined)
  assert.is(nearest('x', []), undefined)
})

test('the first of equally near names wins, so that messages do not change', () => {
  assert.is(nearest('cat', ['bat', 'hat']), 'bat')
})

test('the distance to a name with some edits is never above their number', () => {
  const letters = 'abcdefgh'
  forAll(200, (random) => {
    const word = Array.from({ length: 6 + random.below(6) }, () => random.pick([...letters])).join('')
    let typo = word
    for (let edits = random.below(3); edits > 0; edits--) typo = edited(random, typo)
    assert.is(nearest(typo, [word]), word, `${typo} for ${word}`)
    assert.is(nearest('ijklmnopqrst'.slice(0, word.length), [word]), undefined)
  })
})

/** One letter more, less or other. */
function edited(random: Random, word: string): string {
  const at = random.below(word.length)
  const letter = random.pick(['', 'z', `z${word[at]}`])
  return word.slice(0, at) + letter + word.slice(at + 1)
}

test('a path is written as kubectl writes it, and read back', () => {
  assert.is(formatPath(['spec', 'containers', 0, 'image']), 'spec.containers[0].image')
  assert.is(formatPath(['metadata', 'labels', 'app.kubernetes.io/name']), 'metadata.labels["app.kubernetes.io/name"]')
  assert.is(formatPath([0, 'a-b']), '[0].a-b')
  assert.is(formatPath([]), '')
  assert.equal(parsePath('inputs[0].shape[1]'), ['inputs', 0, 'shape', 1])
  assert.equal(parsePath(''), [])
})

test.run()
