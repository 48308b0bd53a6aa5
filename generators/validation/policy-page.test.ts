import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { REPOSITORY } from '../testing/example-repository.ts'
import { OBJECT_RULES } from './check-objects.ts'
import { KUBE_LINTER, KUBE_SCORE, POD_SECURITY, POLARIS } from './policy/linter-equivalents.ts'
import { policyPage } from './policy-page.ts'

const test = suite('the page of policy')

test('docs/policy.md is the tables', () => {
  assert.is(readFileSync(join(REPOSITORY, 'docs/policy.md'), 'utf8'), policyPage(), 'run npm run rules')
})

test('what covers a check of another tool is a rule about objects, or the schema', () => {
  const known = new Set<string>([...OBJECT_RULES.map(({ rule }) => rule), 'schema-invalid'])
  const named = [KUBE_LINTER, KUBE_SCORE, POLARIS, POD_SECURITY].flatMap((table) => Object.values(table))
  assert.equal(
    named.flatMap((counterpart) =>
      typeof counterpart === 'string' ? [] : counterpart.filter((rule) => !known.has(rule)),
    ),
    [],
  )
})

test('every rule that carries a level of Pod Security covers a control of it, and each such rule carries its level', () => {
  const controls = new Set(Object.values(POD_SECURITY).flat())
  const marked = new Set(OBJECT_RULES.filter(({ podSecurity }) => podSecurity).map(({ rule }) => rule))
  assert.equal([...marked].sort(), [...controls].sort())
})

test.run()
