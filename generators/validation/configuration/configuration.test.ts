import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkObjects } from '../check-objects.ts'
import { CLOSED_WORLD } from '../cluster-scope.ts'
import { manifestsOf } from '../manifest-objects.ts'
import { checkSchema } from '../schema/index.ts'
import { readConfiguration } from './configuration.ts'
import { configured } from './index.ts'

const test = suite('configuration and suppressions')

const RULES = new Set(['single-replica', 'liveness-probe', 'label-required', 'image-registry', 'schema-invalid'])

const web = (name: string, { metadata = '', comment = '' } = {}) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: shop${metadata}
spec:
  replicas: 1${comment}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: main
          image: registry.example.com/web@sha256:${'a'.repeat(64)}
`

/** `rule severity file:line` of each finding of a few rules and of all about suppressions, and the reasons of what is suppressed. */
function validated(files: Record<string, string>, yaml = '', today = '2026-11-21') {
  const configuration = readConfiguration('modelyard.yaml', yaml)
  const { objects, comments } = manifestsOf(Object.entries(files).map(([file, text]) => ({ file, text })))
  const found = [
    ...checkSchema(objects),
    ...checkObjects(objects, { world: CLOSED_WORLD, ruleOptions: configuration.options }),
  ]
  const isInSight = () => true
  const { findings, suppressed } = configured(found, configuration, { objects, comments, today, isInSight })
  return {
    found: findings
      .filter(({ rule }) => RULES.has(rule) || /^(suppression|configuration)-/.test(rule))
      .map(({ rule, severity, file, line }) => `${rule} ${severity} ${file}:${line}`),
    messages: findings.filter(({ rule }) => /^(suppression|configuration)-/.test(rule)).map(({ message }) => message),
    reasons: suppressed.map(({ finding, reason }) => `${finding.rule} ${finding.object}: ${reason}`),
  }
}

const PLAIN = ['single-replica warning a.yaml:7', 'liveness-probe info a.yaml:13']

test('a rule is switched off, raised or given options; others stay as they are', () => {
  const files = { 'a.yaml': web('one') }
  assert.equal(validated(files).found, PLAIN)
  assert.equal(validated(files, 'rules: { liveness-probe: off, single-replica: error }').found, [
    'single-replica error a.yaml:7',
  ])
  const options = `rules:
  single-replica: off
  liveness-probe: { severity: warning }
  label-required: { labels: [team] }
  image-registry: { severity: info, allowed: [mirror.example.com, registry.example.com/trusted] }
`
  assert.equal(validated(files, options).found, [
    'label-required error a.yaml:3',
    'liveness-probe warning a.yaml:13',
    'image-registry info a.yaml:14',
  ])
  const allowed = 'rules: { image-registry: { allowed: [registry.example.com] } }'
  assert.equal(validated(files, allowed).found, PLAIN)
  const three = web('one').replace('replicas: 1', 'replicas: 2')
  assert.equal(validated({ 'a.yaml': three }, 'rules: { single-replica: { minimum: 3 } }').found, PLAIN)
})

test('a text that holds the words of a comment suppresses nothing', () => {
  const text = web('one', { comment: '\n  paused: "# modelyard-ignore single-replica: a text"' })
  assert.equal(
    validated({ 'a.yaml': text }).found.filter((found) => /replica|suppression/.test(found)),
    ['single-replica warning a.yaml:7'],
  )
})

test('a suppression of the configuration covers files and objects, with its reason', () => {
  const files = { 'old/a.yaml': web('one'), 'old/deep/b.yaml': web('two'), 'new/a.yaml': web('one') }
  const suppression = (where: string) =>
    `rules: { liveness-probe: off }\nsuppressions:\n  - { rule: single-replica, ${where}, reason: ends in May }\n`
  const left = (where: string) => validated(files, suppression(where)).found.map((text) => text.split(' ').at(-1))
  assert.equal(left('files: old/**'), ['new/a.yaml:7'])
  assert.equal(left('files: "*/a.yaml"'), ['old/deep/b.yaml:7'])
  assert.equal(left('object: Deployment/one'), ['old/deep/b.yaml:7'])
  assert.equal(left('object: "Deployment/*", files: [new/*, old/a.yaml]'), ['old/deep/b.yaml:7'])
  assert.equal(validated(files, suppression('files: new/**')).reasons, ['single-replica Deployment/one: ends in May'])
})

test('a comment covers its line, alone on a line the next one; an annotation covers its object, and not its neighbour', () => {
  const behind = web('one', { comment: ' # modelyard-ignore single-replica: a demo' })
  assert.equal(validated({ 'a.yaml': behind }).found, ['liveness-probe info a.yaml:13'])
  const before = behind.replace(
    '        - name',
    '        # modelyard-ignore liveness-probe: hangs never\n        # so far\n        - name',
  )
  assert.equal(validated({ 'a.yaml': before }).found, [])
  assert.equal(validated({ 'a.yaml': before }).reasons, [
    'single-replica Deployment/one: a demo',
    'liveness-probe Deployment/one: hangs never',
  ])
  const metadata = '\n  annotations: { ignore.modelyard.dev/single-replica: "until 2026-12-24: a demo" }'
  const neighbours = `${web('one', { metadata })}---\n${web('one').replace('namespace: shop', 'namespace: store')}`
  assert.equal(validated({ 'a.yaml': neighbours }, 'rules: { liveness-probe: off }').found, [
    'single-replica warning a.yaml:23',
  ])
})

test('a suppression that has expired suppresses nothing and is a finding; so is one that has nothing to suppress', () => {
  const text = web('one', { comment: ' # modelyard-ignore single-replica until 2026-11-21: a demo' })
  const on = (today: string, content = text) =>
    validated({ 'a.yaml': content }, 'rules: { liveness-probe: off }', today)
  assert.equal(on('2026-11-21').found, [])
  const late = on('2026-11-22')
  assert.equal(late.found, ['single-replica warning a.yaml:7', 'suppression-expired warning a.yaml:7'])
  assert.equal(late.messages, ['the suppression of single-replica ended on 2026-11-21'])
  const mended = on('2026-11-21', text.replace('replicas: 1', 'replicas: 2'))
  assert.equal(mended.messages, ['suppresses nothing: single-replica has no finding here'])
  const listed = 'suppressions: [{ rule: single-replica, files: b.yaml, reason: x }]'
  assert.equal(validated({ 'a.yaml': web('one') }, listed).found, [
    ...PLAIN,
    'suppression-unused warning modelyard.yaml:1',
  ])
})

test('a suppression needs a reason and a rule that may be suppressed; otherwise it suppresses nothing', () => {
  const messageOf = (comment: string) => {
    const { found, messages } = validated({ 'a.yaml': web('one', { comment: ` # modelyard-ignore ${comment}` }) })
    assert.equal(found, ['suppression-invalid error a.yaml:7', ...PLAIN], comment)
    return messages[0]
  }
  assert.is(messageOf('single-replica'), '"single-replica" gives no reason')
  assert.is(messageOf('single-replica until 2026-02-30: x'), '"2026-02-30" is no date')
  assert.match(messageOf('single-replicas: x') ?? '', 'did you mean "single-replica"?')
  assert.match(messageOf('schema-unknown-kind: x') ?? '', 'which no comment makes valid')
  assert.match(messageOf('dist-stale: x') ?? '', 'dist-stale is always reported')
})

test('what the API server would refuse is suppressed in one place only, never switched off', () => {
  const wrong = web('one').replace('replicas: 1', 'replicas: "1"')
  const listed = 'suppressions: [{ rule: schema-invalid, files: a.yaml, reason: patched by the operator }]'
  assert.equal(validated({ 'a.yaml': wrong }, listed).found, PLAIN)
  assert.equal(validated({}, 'rules: { schema-invalid: warning }').messages, [
    'the severity of schema-invalid is not for a configuration to say: it is an error wherever it is found',
  ])
})

test('a configuration with anything wrong in it says so, and nothing of it holds', () => {
  const says = (yaml: string) => {
    const { found, messages } = validated({ 'a.yaml': web('one') }, `${yaml}\n`)
    assert.equal(
      found.filter((text) => !text.includes('configuration-invalid')),
      PLAIN,
    )
    return messages.join('; ')
  }
  assert.match(says('rules: { liveness-probe: off, single-replika: off }'), 'there is no rule "single-replika"')
  assert.match(says('rules: { liveness-probe: false }'), 'false is not one of error, warning, info, off')
  assert.match(says('rules: { liveness-probe: { minimum: 2 } }'), 'unknown field')
  assert.match(says('suppressions: [{ rule: liveness-probe }]'), 'suppressions[0].reason: is required')
  assert.match(says('suppressions: [{ rule: liveness-probe, reason: x, until: soon }]'), '"soon" is no date')
  assert.match(says('rule: {}'), 'did you mean "rules"?')
})

test.run()
