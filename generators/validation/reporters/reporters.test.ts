import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Finding } from '../../findings/index.ts'
import { formatReport } from './index.ts'
import type { Report } from './report.ts'
import { countFindings, formatFindings } from './text.ts'

const test = suite('reporting findings')

const finding: Finding = {
  rule: 'dist-stale',
  severity: 'error',
  message: 'is stale',
  file: 'dist/a.yaml',
  line: 3,
  column: 7,
  fix: 'Run modelyard synth.',
}

test('a finding is its place, severity, message and rule, with the repair below', () => {
  assert.is(
    formatFindings([finding], { colour: false }),
    'dist/a.yaml:3:7 error is stale [dist-stale]\n    Run modelyard synth.\n',
  )
})

test('control characters of what was checked are shown, not sent to the terminal', () => {
  const text = formatFindings([{ ...finding, file: 'a\u001b[2J.yaml', message: 'data["\u009b"] is wrong' }], {
    colour: false,
  })
  assert.match(text, 'a\\u001b[2J.yaml:3:7 error data["\\u009b"] is wrong')
})

test('what is not known of the place is left out', () => {
  const { line: _, column: __, fix: ___, ...rest } = finding
  assert.is(formatFindings([rest], { colour: false }), 'dist/a.yaml error is stale [dist-stale]\n')
  const { file: ____, ...placeless } = rest
  assert.is(formatFindings([placeless], { colour: false }), 'error is stale [dist-stale]\n')
})

test('colour adds escape codes around the same words', () => {
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')
  const painted = formatFindings([finding], { colour: true })
  assert.match(painted, escapes)
  assert.is(painted.replaceAll(escapes, ''), formatFindings([finding], { colour: false }))
})

test('findings are counted in words, one and many', () => {
  const warning: Finding = { ...finding, severity: 'warning' }
  const info: Finding = { ...finding, severity: 'info' }
  assert.is(countFindings([]), 'no findings')
  assert.is(countFindings([finding]), '1 error')
  assert.is(countFindings([warning, finding, info, info, warning]), '1 error, 2 warnings, 2 info')
})

/** All that can be known of a place, and none of it; every severity; text that each format has to escape. */
const REPORT: Report = {
  findings: [
    { ...finding, path: 'spec.replicas', object: 'Deployment/web', message: 'is <stale> & "100%"\nsince: a, b' },
    { rule: 'input-empty', severity: 'warning', message: 'could not check: nothing', file: 'standard input', line: 2 },
    { rule: 'liveness-probe', severity: 'info', message: 'a\u001b', file: '/else/b c.yaml', line: 1 },
    { rule: 'liveness-probe', severity: 'info', message: 'a\u001b', file: '/else/b c.yaml', line: 9 },
    { rule: 'image-placeholder', severity: 'warning', message: 'zeros' },
  ],
  summary: '3 objects: 1 error',
  exitCode: 1,
  version: '1.2.3',
  prefix: 'ml/',
}

test('GitHub annotations: errors first, files from the top of the work tree, nothing that ends a command early', () => {
  assert.equal(formatReport('github', REPORT).split('\n'), [
    '::error file=ml/dist/a.yaml,line=3,col=7,title=dist-stale::is <stale> & "100%25"%0Asince: a, b%0ARun modelyard synth.',
    '::warning title=input-empty::standard input:2: could not check: nothing',
    '::warning title=image-placeholder::zeros',
    '::notice file=/else/b c.yaml,line=1,title=liveness-probe::a\\u001b',
    '::notice file=/else/b c.yaml,line=9,title=liveness-probe::a\\u001b',
    '3 objects: 1 error',
    '',
  ])
  const named = { ...REPORT, findings: [{ ...finding, file: 'a,b:c.yaml' }] }
  assert.match(formatReport('github', named), '::error file=ml/a%2Cb%3Ac.yaml,line=3')
})

test('JUnit: an error is a failure, what could not be checked an error, and what is milder passes', () => {
  const xml = formatReport('junit', REPORT)
  assert.match(xml, '<testsuites name="modelyard validate" tests="5" failures="1" errors="1">')
  assert.match(xml, '<testsuite name="dist/a.yaml" tests="1" failures="1" errors="0">')
  assert.match(
    xml,
    '<testcase name="dist-stale at line 3 (Deployment/web)" classname="dist-stale" file="dist/a.yaml" line="3">',
  )
  assert.match(xml, 'message="is &lt;stale&gt; &amp; &quot;100%&quot;&#10;since: a, b">error: is &lt;stale&gt;')
  assert.match(xml, '<error type="input-empty" message="could not check: nothing">')
  assert.match(xml, '<system-out>info: a\\u001b</system-out>')
  assert.is(openElements(xml), 0)
  const clean = formatReport('junit', { ...REPORT, findings: [], summary: '3 objects: no findings' })
  assert.match(clean, 'tests="1" failures="0" errors="0"')
  assert.match(clean, '<testcase name="3 objects: no findings"')
  assert.is(openElements(clean), 0)
})

test('SARIF is of its schema, with the rules, places and fingerprints of the findings', () => {
  const schema = JSON.parse(readFileSync(new URL('./testing/sarif-2.1.0.json', import.meta.url), 'utf8'))
  const isUri = (text: string) => /^\S+$/.test(text) && URL.canParse(text)
  const isReference = (text: string) => /^\S*$/.test(text) && URL.canParse(text, 'file:///')
  const ajv = new Ajv({
    formats: { uri: isUri, 'uri-reference': isReference, 'date-time': true },
    unicodeRegExp: false,
  })
  const validate = ajv.compile(schema)
  const logOf = (report: Report) => JSON.parse(formatReport('sarif', report))
  const problems = (log: unknown) => (validate(log) ? [] : validate.errors)
  const log = logOf(REPORT)
  assert.equal(problems(log), [])
  assert.equal(problems(logOf({ ...REPORT, findings: [] })), [])
  assert.ok(problems({ ...log, runs: [{ results: [] }] })?.length, 'the schema sees what is wrong')
  const [run] = log.runs
  assert.equal(run.invocations, [{ executionSuccessful: false, exitCode: 1 }])
  const ids = run.tool.driver.rules.map(({ id }: { id: string }) => id)
  assert.equal(ids, ['dist-stale', 'image-placeholder', 'input-empty', 'liveness-probe'])
  const [first, piped, one, other, placeless] = run.results
  assert.equal([first.ruleId, first.ruleIndex, first.level], ['dist-stale', 0, 'error'])
  assert.equal(first.locations, [
    {
      physicalLocation: {
        artifactLocation: { uri: 'ml/dist/a.yaml', uriBaseId: '%SRCROOT%' },
        region: { startLine: 3, startColumn: 7 },
      },
      logicalLocations: [{ fullyQualifiedName: 'Deployment/web spec.replicas' }],
    },
  ])
  assert.equal([piped.locations, placeless.locations], [[], []])
  assert.is(one.locations[0].physicalLocation.artifactLocation.uri, 'file:///else/b%20c.yaml')
  const fingerprint = (result: typeof one) => result.partialFingerprints['modelyardFinding/v1']
  assert.is.not(fingerprint(one), fingerprint(other))
  const moved = logOf({
    ...REPORT,
    findings: REPORT.findings.map((each) => ({ ...each, line: (each.line ?? 0) + 10 })),
  })
  assert.equal(moved.runs[0].results.map(fingerprint), run.results.map(fingerprint))
})

/** Elements that are opened and not closed; what a text holds is escaped, and is no tag. */
function openElements(xml: string): number {
  const count = (pattern: RegExp) => xml.match(pattern)?.length ?? 0
  return count(/<[a-z][^>]*[^/]>/g) - count(/<\/[a-z-]+>/g)
}

test.run()
