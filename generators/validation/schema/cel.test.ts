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

test('a rule that takes oldSelf as an optional value is evaluated on create, and one that needs it is not', () => {
  const found = (rule: string, optionalOldSelf?: boolean) =>
    brokenRules(
      { size: 3 },
      { properties: { size: { type: 'integer' } }, 'x-kubernetes-validations': [{ rule, optionalOldSelf }] },
      {},
    ).map(({ reason }) => reason ?? 'broken')
  assert.equal(found('self.size == oldSelf.size'), [])
  assert.equal(found('!oldSelf.hasValue() && self.size == 3', true), [])
  assert.equal(found('oldSelf.hasValue() || self.size > 3', true), ['broken'])
  assert.equal(found('oldSelf.orValue(self).size == 3', true), [])
  assert.equal(found('oldSelf.optMap(o, o.size == self.size).orValue(self.size < 3)', true), ['broken'])
})

test('a rule that costs more than the API server lets it cost ends, and could not be checked', () => {
  const items = Array.from({ length: 2000 }, (_, index) => index)
  const list = { list: { type: 'array', items: { type: 'integer' } } }
  const found = (rule: string) => rulesFor(rule, list, { list: items }).map(({ reason }) => reason)
  const tooMuch = 'it costs more than the API server lets one rule cost'
  assert.equal(found('self.list.all(x, self.list.all(y, self.list.all(z, x + y + z >= 0)))'), [tooMuch])
  assert.equal(found('sets.equivalent(self.list, self.list)'), [tooMuch])
  assert.equal(found('self.list.map(x, x * 2).filter(x, x > 3).size() == 1998'), [])
  const costly = { rule: 'self.list.distinct().size() > 0' }
  const many = Array.from({ length: 13 }, () => costly)
  const all = brokenRules({ list: items.slice(0, 900) }, { properties: list, 'x-kubernetes-validations': many }, {})
  assert.ok(
    all.length > 0 &&
      all.every(({ reason }) => reason === 'the rules cost more than the API server lets an object cost'),
  )
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

test('whole numbers beyond what JavaScript holds exactly are compared digit by digit', () => {
  const size = { size: { type: 'integer' } }
  assert.equal(rulesFor('self.size == 9007199254740993', size, { size: 9007199254740993n }), [])
  assert.is(rulesFor('self.size == 9007199254740992', size, { size: 9007199254740993n }).length, 1)
})

test('bytes, times and durations are what the API server makes of texts by their format', () => {
  const field = (format: string) => ({ at: { type: 'string', format } })
  const cases: [format: string, value: string, kept: string[], broken: string[]][] = [
    ['byte', 'YWJj', ['size(self.at) < 4', 'self.at == b"abc"', 'string(self.at) == "abc"'], ['size(self.at) == 4']],
    [
      'date-time',
      '2026-11-21T04:05:06+02:00',
      [
        'self.at > timestamp("2020-01-01T00:00:00Z")',
        'timestamp(self.at).getHours() == 2',
        'int(self.at) == 1795226706',
      ],
      ['self.at == timestamp("2026-11-21T04:05:06Z")', 'self.at + duration("1h") < timestamp("2026-11-21T00:00:00Z")'],
    ],
    ['date', '2026-11-21', ['self.at == timestamp("2026-11-21T00:00:00Z")'], ['self.at.getFullYear() == 2025']],
    [
      'duration',
      '1h30.5m',
      ['self.at > duration("90m")', 'self.at.getSeconds() == 5430', 'int(duration(self.at)) == 5430000000000'],
      ['self.at < duration("1h")'],
    ],
    ['duration', '2 days', ['self.at == duration("48h")'], ['self.at != duration("48h")']],
    [
      'duration',
      '-1.5s',
      ['self.at == duration("-1500ms")', 'self.at < duration("0s")'],
      ['self.at > duration("-1s")'],
    ],
    ['byte', '?', ['self.at == "?"'], ['self.at == "!"']],
    ['date-time', 'today', ['self.at == "today"'], ['self.at == ""']],
    ['date', '2026-02-30', ['self.at == "2026-02-30"'], ['self.at == ""']],
    ['duration', 'long', ['self.at == "long"'], ['self.at == ""']],
  ]
  for (const [format, at, kept, broken] of cases) {
    for (const rule of kept) assert.equal(rulesFor(rule, field(format), { at }), [], `${rule} of ${at}`)
    for (const rule of broken) {
      assert.equal(
        rulesFor(rule, field(format), { at }).map(({ reason }) => reason),
        [undefined],
        `${rule} of ${at}`,
      )
    }
  }
  const list = { list: { type: 'array', items: { type: 'string', format: 'duration' } } }
  assert.equal(rulesFor('self.list.all(one, one <= duration("1m"))', list, { list: ['1m', '60s'] }), [])
  assert.is(rulesFor('self.list.all(one, one <= duration("1m"))', list, { list: ['1m', '2m'] }).length, 1)
})

test('a broken rule is told at its field', () => {
  const [broken] = rulesFor('has(self.at)', {}, {})
  assert.equal(broken, { path: ['at'], rule: 'has(self.at)', message: 'must keep has(self.at)' })
})

test.run()
