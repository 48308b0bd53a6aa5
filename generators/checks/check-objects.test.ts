import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkObjects, OBJECT_RULES } from './check-objects.ts'
import { CLUSTER_FIXTURES } from './testing/cluster-fixtures.ts'
import { changed, GOOD, lineIn, objectsOf } from './testing/fixture.ts'
import { POD_FIXTURES } from './testing/pod-fixtures.ts'
import { REFERENCE_FIXTURES } from './testing/reference-fixtures.ts'
import { WORKLOAD_FIXTURES } from './testing/workload-fixtures.ts'
import { CLOSED_WORLD } from './world.ts'

const test = suite('rules about objects')

const FIXTURES = [...REFERENCE_FIXTURES, ...POD_FIXTURES, ...WORKLOAD_FIXTURES, ...CLUSTER_FIXTURES]
const findingsOf = (files: Record<string, string>) => checkObjects(objectsOf(files), { world: CLOSED_WORLD })

test('no rule has anything to say about the good objects', () => {
  assert.equal(findingsOf(GOOD), [])
})

test('every rule has its fixtures, and every fixture its rule', () => {
  const sorted = (rules: readonly { rule: string }[]) => [...new Set(rules.map(({ rule }) => rule))].sort()
  assert.equal(sorted(FIXTURES), sorted(OBJECT_RULES))
})

for (const { rule, way, fails, at, passes } of FIXTURES) {
  const title = way === undefined ? rule : `${rule} (${way})`
  test(`${title}: what breaks it is found at its line, alone`, () => {
    const files = changed(fails)
    const [name, text] = at
    const found = findingsOf(files).map((finding) => ({ rule: finding.rule, file: finding.file, line: finding.line }))
    assert.equal(found, [{ rule, file: `shop/${name}.yaml`, line: lineIn(files, name, text) }])
  })

  test(`${title}: what comes near is right`, () => {
    assert.equal(findingsOf(changed(passes)), [])
  })
}

test('whatever stands in an object, checking it ends: the schema check tells what is wrong', () => {
  const objects = objectsOf(GOOD)
  for (const object of objects) {
    for (const wrong of [null, 7, 'text', [null], {}]) {
      for (const value of withEachNode(object.value, wrong)) {
        const others = objects.filter((other) => other !== object)
        checkObjects([...others, { ...object, value }], { world: CLOSED_WORLD })
      }
    }
  }
})

/** Copies of a value in each of which one node is replaced. */
function* withEachNode(value: unknown, replacement: unknown): Generator<unknown> {
  yield replacement
  if (value === null || typeof value !== 'object') return
  for (const key of Object.keys(value)) {
    for (const changed of withEachNode((value as Record<string, unknown>)[key], replacement)) {
      yield Array.isArray(value)
        ? value.map((item, index) => (String(index) === key ? changed : item))
        : { ...value, [key]: changed }
    }
  }
}

test.run()
