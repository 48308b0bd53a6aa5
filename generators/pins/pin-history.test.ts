import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type PastPin, pinHistory } from './pin-history.ts'

const candidate = (release: string, weight: number, mode = 'canary') =>
  `candidate:\n  release: ${release}\n  mode: ${mode}\n  weight: ${weight}\n`

/** States oldest first, as they are easier to read; one a day. */
function historyOf(...texts: (string | undefined)[]) {
  const states = texts.map((text, index): PastPin => ({ text, date: `day ${index}`, commit: `c${index}` }))
  return pinHistory('pin.yaml', states.reverse())
}

const kinds = (...texts: (string | undefined)[]) => historyOf(...texts).events.map(({ kind }) => kind)

test('each change of what runs has a name', () => {
  assert.equal(
    kinds(
      'stable: 1.0.0\n',
      `stable: 1.0.0\n${candidate('1.1.0', 10)}`,
      `stable: 1.0.0\n${candidate('1.1.0', 50)}`,
      `stable: 1.0.0\n${candidate('1.2.0', 50)}`,
      `stable: 1.0.0\n${candidate('1.2.0', 50, 'shadow')}`,
      'stable: 1.2.0\n',
      'stable: 1.0.0\n',
      `stable: 1.0.0\n${candidate('1.1.0', 10)}`,
      'stable: 1.0.0\n',
      undefined,
      'stable: 1.0.0\n',
    ),
    [
      'promoted',
      'candidate added',
      'candidate weight',
      'candidate replaced',
      'candidate replaced',
      'candidate finished',
      'rolled back',
      'candidate added',
      'candidate aborted',
      'retired',
      'rolled back',
    ],
  )
})

test('comments, and texts that cannot be read, are no events', () => {
  assert.equal(kinds('stable: 1.0.0\n', '# why\nstable: 1.0.0\n', 'stable: [\n', 'other: 1\n', 'stable: "1.0.0"\n'), [
    'promoted',
  ])
  assert.equal(kinds(undefined, undefined), [])
})

test('an event holds what ran afterwards and the state that Git tells of', () => {
  const [, added] = historyOf('stable: 1.0.0\n', `stable: 1.0.0\n${candidate('1.1.0', 10)}`).events
  assert.equal(
    { ...added, state: added?.state.commit },
    {
      kind: 'candidate added',
      state: 'c1',
      stable: '1.0.0',
      candidate: { release: '1.1.0', mode: 'canary', weight: 10 },
    },
  )
})

test('what ran before is a stack: going back takes off what came after', () => {
  const before = (...stables: string[]) =>
    historyOf(...stables.map((stable) => `stable: ${stable}\n`)).before.map(({ stable }) => stable)
  assert.equal(before('1.0.0', '1.1.0', '1.2.0'), ['1.0.0', '1.1.0'])
  assert.equal(before('1.0.0', '1.1.0', '1.2.0', '1.1.0'), ['1.0.0'])
  assert.equal(before('1.0.0', '1.1.0', '1.0.0', '1.2.0'), ['1.0.0'])
  assert.equal(before('1.0.0', '1.1.0', '1.0.0', '1.1.0'), ['1.0.0'], 'promoted again')
  assert.equal(before('1.0.0'), [])
  assert.equal(
    historyOf('stable: 1.0.0\n', 'stable: 1.1.0\n', undefined).before.map(({ stable }) => stable),
    ['1.0.0', '1.1.0'],
    'once retired, the last one ran before',
  )
})

test('everything that ever ran is there once, the latest first, with the state that had it last', () => {
  const { ever } = historyOf('stable: 1.0.0\n', 'stable: 1.1.0\n', 'stable: 1.0.0\n', '# note\nstable: 1.0.0\n')
  assert.equal(
    ever.map(({ stable, state }) => [stable, state.commit]),
    [
      ['1.0.0', 'c3'],
      ['1.1.0', 'c1'],
    ],
  )
})

test('a digest that a pin takes on changes nothing of what ran; another content of the same name is another release', () => {
  const [one, other] = ['a', 'b'].map((digit) => `1.0.0-8f3c2a9d@sha256:${digit.repeat(64)}`)
  assert.equal(kinds('stable: 1.0.0-8f3c2a9d\n', `stable: ${one}\n`), ['promoted'])
  assert.equal(kinds(`stable: ${one}\n`, `stable: ${other}\n`), ['promoted', 'promoted'])
  assert.equal(kinds(`stable: ${one}\n`, 'stable: 2.0.0-00000000\n', `stable: ${one}\n`), [
    'promoted',
    'promoted',
    'rolled back',
  ])
  const swapped = [one, other].map((release) => `stable: 0.9.0\n${candidate(release ?? '', 10)}`)
  assert.equal(kinds('stable: 0.9.0\n', ...swapped), ['promoted', 'candidate added', 'candidate replaced'])
  const [last] = historyOf(`stable: ${one}\n`, 'stable: 2.0.0-00000000\n').before
  assert.equal([last?.stable, last?.digest], ['1.0.0-8f3c2a9d', 'a'.repeat(64)])
})

test.run()
