import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { Failure } from '../findings/index.ts'
import { forAll } from '../testing/random.ts'
import { addKey, editScalar, removeKey } from './edit.ts'

test('the one scalar changes and every comment stays', () => {
  const before = '# top\nstable: 1.4.2-8f3c2a9d # not below 1.4.0 (#481)\ncandidate:\n  weight: 10\n# end'
  assert.is(
    editScalar('pins/a.yaml', before, ['stable'], '1.5.0-d20a77e1'),
    '# top\nstable: 1.5.0-d20a77e1 # not below 1.4.0 (#481)\ncandidate:\n  weight: 10\n# end',
  )
})

test('Windows line ends and a missing last line end stay', () => {
  assert.is(editScalar('a.yaml', 'a: "1"\r\nb: 2', ['a'], '1.0.0'), 'a: "1.0.0"\r\nb: 2')
})

test('a nested scalar in braces changes alone', () => {
  const before = "candidate: {release: '1.0.0', mode: ab}\n"
  assert.is(
    editScalar('a.yaml', before, ['candidate', 'release'], '1.1.0'),
    "candidate: {release: '1.1.0', mode: ab}\n",
  )
})

test('an anchor before the scalar stays', () => {
  assert.is(editScalar('a.yaml', 'a: &v 1.0.0\nb: *v\n', ['a'], '1.1.0'), 'a: &v 1.1.0\nb: *v\n')
})

test('a value that YAML would read as something else is quoted', () => {
  for (const value of ['1.10', 'yes', 'null', '12', '---', '', 'a, b]', 'a: b', '# x', 'two\nlines', '"']) {
    for (const before of [
      'a: x # why\nb: 1\n',
      'a: 1.0.0\nb: 1\n',
      '{a: x, b: 1}\n',
      'a: "x"\nb: 1\n',
      "a: 'x'\nb: 1\n",
    ]) {
      const after = editScalar('a.yaml', before, ['a'], value)
      assert.equal(parse(after), { a: value, b: 1 }, after)
      assert.equal(parse(after, { version: '1.1' }), { a: value, b: 1 }, after)
    }
  }
})

test('a file without that scalar on one line is refused with a repair', () => {
  for (const text of ['other: 1\n', 'stable:\n', 'stable: |\n  1.0.0\nb: 1\n', 'stable: {a: 1}\n', 'stable: [\n', '']) {
    try {
      editScalar('pins/a.yaml', text, ['stable'], '1.0.0')
      assert.unreachable(JSON.stringify(text))
    } catch (error) {
      assert.instance(error, Failure)
      assert.is((error as Failure).message, 'pins/a.yaml has no scalar on one line at stable')
      assert.match((error as Failure).fix ?? '', /restore the file from Git/)
    }
  }
})

test('whatever stands around the scalar keeps every byte', () => {
  forAll(300, (random) => {
    const end = random.pick(['\n', '\r\n'])
    const comments = () =>
      random.list(2, () => `${random.pick(['', '  '])}# ${random.pick(['stable: 9', '"', 'ünï 😀'])}`)
    const scalar = random.pick(['1.0.0', '"1.0.0"', "'it''s'", '1.4.2-8f3c2a9d', '"a # b"', 'plain text'])
    const before = [...comments(), 'first: "x: y"', ...comments(), 'candidate:', ...comments()].join(end)
    const after = ['', ...comments(), '  weight: 10', ...comments(), 'last: [a, "b"]', ...comments()].join(end)
    const text = (value: string) => `${before}${end}  release:   ${value}${padding}${after}`
    const padding = random.pick(['', '   ', ' # why', '\t# tab'])
    const quote = /^["']/.exec(scalar)?.[0] ?? ''
    const expected = text(`${quote}2.0.0-aaaaaaaa${quote}`)
    assert.is(editScalar('a.yaml', text(scalar), ['candidate', 'release'], '2.0.0-aaaaaaaa'), expected)
  })
})

const PINNED = '# top\nstable: 1.4.2 # why\n'
const CANDIDATE = { release: '1.5.0-d20a77e1', mode: 'canary', weight: 10 }

test('a key is added at the end and removed again, and every other byte stays', () => {
  for (const before of [PINNED, `${PINNED}# end\n`, `---\n${PINNED}`, PINNED.replaceAll('\n', '\r\n')]) {
    const after = addKey('pin.yaml', before, 'candidate', CANDIDATE)
    assert.ok(after.startsWith(before))
    assert.equal(parse(after), { stable: '1.4.2', candidate: CANDIDATE })
    assert.is(removeKey('pin.yaml', after, 'candidate'), before)
  }
  assert.is(
    addKey('pin.yaml', 'stable: 1.4.2', 'candidate', CANDIDATE),
    'stable: 1.4.2\ncandidate:\n  release: 1.5.0-d20a77e1\n  mode: canary\n  weight: 10\n',
  )
})

test('a key goes with the comments inside it, in braces or not, and those around it stay', () => {
  const around = (block: string) => `# before\n${block}# after\nstable: 1.4.2 # why\n`
  for (const block of [
    'candidate:\n  # since Monday\n  release: 1.5.0\n  weight: 10 # widen on Friday\n',
    'candidate: { release: 1.5.0, weight: 10 } # since Monday\n',
    'candidate:\n  release: 1.5.0\n',
  ]) {
    assert.is(removeKey('pin.yaml', around(block), 'candidate'), around(''))
  }
  assert.is(removeKey('pin.yaml', 'stable: 1.4.2\ncandidate: { release: 1.5.0 }', 'candidate'), 'stable: 1.4.2\n')
})

test('what cannot be edited on lines of its own is refused and left', () => {
  for (const text of ['{stable: 1.4.2}', 'stable: 1.4.2\n...\n', '- stable\n', 'stable: [\n', 'text\n']) {
    assert.throws(
      () => addKey('pin.yaml', text, 'candidate', CANDIDATE),
      (error: Failure) => error instanceof Failure && /pin\.yaml/.test(error.message) && error.fix !== undefined,
    )
  }
  assert.throws(() => addKey('pin.yaml', 'candidate: {}\n', 'candidate', {}), /pin\.yaml has candidate already/)
  assert.throws(() => removeKey('pin.yaml', '{stable: 1.4.2, candidate: {}}', 'candidate'), /no candidate on lines/)
  assert.throws(() => removeKey('pin.yaml', PINNED, 'candidate'), /no candidate on lines/)
})

test.run()
