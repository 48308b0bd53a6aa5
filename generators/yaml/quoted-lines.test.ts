import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { forAll } from '../testing/random.ts'
import { parseYaml } from './yaml.ts'

const test = suite('quoted scalars over several lines')

const read = (text: string) => parseYaml('x.yaml', text, { dialect: 'kubernetes' })

const COLUMN = `versions:
  - additionalPrinterColumns:
      - description: 'When it was made:
      see the "conventions"'
        name: Age
    name: v1
`

test('their lines may begin anywhere in a manifest, as Go reads them', () => {
  const { document } = read(COLUMN)
  const columns = [{ description: 'When it was made: see the "conventions"', name: 'Age' }]
  assert.equal(document?.value, { versions: [{ additionalPrinterColumns: columns, name: 'v1' }] })
  assert.is(document?.lineOf(['versions', 0, 'additionalPrinterColumns', 0, 'name']), 5)
  assert.equal(read('a: {b: "x\ny\\\n z", c: [\'d\n\ne\']}\n').document?.value, { a: { b: 'x yz', c: ['d\ne'] } })
})

test('what is not where the file has it is not offered for repairs', () => {
  assert.is(read(COLUMN).document?.rangeOf(['versions', 0, 'name']), undefined)
  assert.equal(read("a: 'x\n  y'\n").document?.rangeOf(['a']), { start: 3, end: 10 })
})

test('our own files, a quote that is never closed and one over the end of the document are errors', () => {
  assert.match(parseYaml('x.yaml', COLUMN).findings[0]?.message ?? '', "Missing closing 'quote")
  for (const text of ["a: 'x\nb: 2\n", 'a: "x\\"\nb: 2\n', "a:\n  b: 'one\n---\n two'\n"]) {
    assert.match(read(text).findings[0]?.message ?? '', 'Missing closing', text)
  }
})

test('any text in quotes is the same wherever its lines begin', () => {
  forAll(400, (random) => {
    const quote = random.pick(['"', "'"])
    const word = () => random.pick(['a', 'b: c', '# d', '- e', '{', ']', "it''s", 'x\\\\', '\\"', '|', '&f', '...g'])
    const lines = Array.from({ length: 1 + random.below(4) }, () => [word(), ...random.list(2, word)].join(' '))
    const before = random.pick(['k:\n    - v: ', '- - ', 'k: ', 'k: {v: ', 'k: [x, '])
    const after = before.includes('{') ? '}\n' : before.includes('[') ? ']\n' : '\n'
    const written = (indent: () => string) =>
      `${before}${quote}${lines.map((line, index) => (index === 0 ? line : indent() + line)).join('\n')}${quote}${after}`
    const strict = read(written(() => ' '.repeat(12))).document?.value
    const text = written(() => ' '.repeat(random.below(6)))
    assert.equal(read(text).document?.value, strict, JSON.stringify(text))
  })
})

test.run()
