import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from './failure.ts'
import { type Finding, hasErrors, sortFindings } from './finding.ts'
import { RULES } from './rules.ts'
import { rulesPage } from './rules-page.ts'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

test('findings are sorted by file, line, severity and rule, and the given list stays as it is', () => {
  const finding = (file: string | undefined, line: number, severity: Finding['severity'], rule: Finding['rule']) =>
    ({ ...(file && { file }), line, severity, rule, message: 'm' }) as Finding
  const sorted = [
    finding(undefined, 9, 'error', 'yaml-syntax'),
    finding('a.ts', 2, 'error', 'pin-invalid'),
    finding('a.ts', 10, 'error', 'dist-stale'),
    finding('a.ts', 10, 'error', 'gate-failed'),
    finding('a.ts', 10, 'warning', 'dist-stale'),
    finding('a.ts', 10, 'info', 'dist-stale'),
    finding('b.ts', 1, 'error', 'dist-stale'),
  ]
  const turned = [...sorted].reverse()
  assert.equal(sortFindings(turned), sorted)
  assert.is(turned[0], sorted.at(-1))
})

test('warnings alone are no errors', () => {
  const warning: Finding = { rule: 'image-placeholder', severity: 'warning', message: 'm' }
  assert.not(hasErrors([]))
  assert.not(hasErrors([warning]))
  assert.ok(hasErrors([warning, { ...warning, severity: 'error' }]))
})

test('a failure carries its repair, its findings and its cause', () => {
  const cause = new Error('ENOENT')
  const failure = new Failure('no file', { fix: 'Write it.', cause })
  assert.is(failure.name, 'Failure')
  assert.is(failure.fix, 'Write it.')
  assert.is(failure.cause, cause)
  assert.equal(failure.findings, [])
})

test('docs/rules.md is the table of rules, both ways', () => {
  assert.is(readFileSync(`${REPOSITORY}docs/rules.md`, 'utf8'), rulesPage(), 'run npm run rules')
})

test('every rule has a kebab-case id, a reason and a repair that is a sentence', () => {
  for (const [id, { summary, reason, repair }] of Object.entries(RULES)) {
    assert.match(id, /^[a-z]+(-[a-z]+)*$/)
    assert.match(summary, /^[a-z].*[^.]$/, id)
    assert.match(reason, /^[A-Z].*\.$/, id)
    assert.match(repair, /^[A-Z].*\.$/, id)
  }
})

test('every rule is one that some check reports', () => {
  const sources = readdirSync(`${REPOSITORY}generators`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test)\.ts$/.test(entry.name) && !/findings$/.test(entry.parentPath))
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8'))
    .join('\n')
  assert.equal(
    Object.keys(RULES).filter((id) => !sources.includes(`'${id}'`)),
    [],
  )
})

test.run()
