import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { brokenRules, whyNot } from './cel.ts'

const test = suite('rules in CEL')

const rulesFor = (rule: string, properties: object, value: unknown) =>
  brokenRules(value, { type: 'object', properties, 'x-kubernetes-validations': [{ rule, fieldPath: '.at' }] }, {})

test('every rule of the bundled custom resources can be evaluated', () => {
  const folder = new URL('./bundle/', import.meta.url)
  const rules = new Set<string>()
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    const found = (value as Record<string, unknown>)['x-kubernetes-validations']
    if (Array.isArray(found)) for (const { rule } of found) rules.add(rule)
    for (const child of Object.values(value)) visit(child)
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    visit(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
  }
  const current = [...rules].filter((rule) => !rule.includes('oldSelf'))
  assert.ok(current.length > 80)
  for (const rule of current) assert.is(whyNot(rule), undefined, rule)
})

test('whole numbers, defaults, reserved names and indexes are what the API server makes of them', () => {
  const size = { size: { type: 'integer', default: 3 } }
  assert.equal(rulesFor('self.size == 3 && self.size / 2 == 1', size, {}), [])
  const names = { namespace: { type: 'string' }, 'a-b.c': { type: 'string' } }
  const value = { namespace: 'x', 'a-b.c': 'y' }
  assert.equal(rulesFor('self.__namespace__ == "x" && self.a__dash__b__dot__c == "y"', names, value), [])
  const list = { list: { type: 'array', items: { type: 'object', properties: { x: { type: 'string' } } } } }
  assert.equal(rulesFor('has(self.list[0].x) && !has(self.list[1].x)', list, { list: [{ x: 'a' }, {}] }), [])
  assert.equal(rulesFor('self.host.matches("^(?i)[a-z]+$") && !isIP(self.host)', {}, { host: 'ABC' }), [])
})

test('a broken rule is told at its field', () => {
  const [broken] = rulesFor('has(self.at)', {}, {})
  assert.equal(broken, { path: ['at'], rule: 'has(self.at)', message: 'must keep has(self.at)' })
})

test.run()
