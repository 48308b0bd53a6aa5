import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkObjects } from './check-objects.ts'
import { OPEN_WORLD } from './cluster-scope.ts'
import { type Configuration, configured } from './configuration/index.ts'
import { manifestsOf } from './manifest-objects.ts'
import { checkResourceRules, checkSchema } from './schema/index.ts'
import { answerFindings } from './server/answer.ts'

const test = suite('what our rules and an API server both say')

const TEXT = `apiVersion: v1
kind: Pod
metadata: { name: a, namespace: web }
spec:
  terminationGracePeriodSeconds: soon
  containers:
    - { name: web, image: web, imagePullPolicy: Sometimes, terminationMessagePolicy: None }
`
const NONE: Configuration = { findings: [], severities: new Map(), options: {}, suppressions: [] }

/** Findings of the schema and of a server's answer with these causes, as `rule line: path`. */
async function told(text: string, ...causes: { field: string; message: string }[]): Promise<string[]> {
  const { objects, comments } = manifestsOf([{ file: 'a.yaml', text }])
  const answer = { code: 422, status: { reason: 'Invalid', details: { causes } }, warnings: [] }
  const answers = objects.flatMap((object) => answerFindings(object, answer))
  const found = [...checkSchema(objects), ...(await checkResourceRules(objects)), ...answers]
  const { findings } = configured(found, NONE, { objects, comments, isInSight: () => true, today: '2026-11-21' })
  return findings.map(({ rule, line, path = '' }) => `${rule} ${line}: ${path}`)
}

const PULL = 'spec.containers[0].imagePullPolicy'
const MESSAGES = 'spec.containers[0].terminationMessagePolicy'
const OURS = [`schema-invalid 7: ${PULL}`, `schema-invalid 7: ${MESSAGES}`]
const SECONDS = 'schema-invalid 5: spec.terminationGracePeriodSeconds'

test('a refusal at the line and field of an error of ours is told once, by ours', async () => {
  const causes = [PULL, MESSAGES, 'spec.containers[0]'].map((field) => ({ field, message: 'Unsupported value' }))
  assert.equal(await told(TEXT, ...causes), [SECONDS, ...OURS])
})

test('a refusal of another field of the line, of another line, or of the object as a whole is told', async () => {
  const causes = ['spec.containers[0].image', 'metadata.name', '<nil>'].map((field) => ({ field, message: 'denied' }))
  assert.equal(await told(TEXT, ...causes), [
    'server-refused 1: ',
    'server-refused 3: metadata.name',
    SECONDS,
    ...OURS,
    'server-refused 7: spec.containers[0].image',
  ])
})

test('when ours is suppressed, the refusal is told', async () => {
  const text = TEXT.replace('soon', 'soon # modelyard-ignore schema-invalid: read by nobody')
  const cause = { field: 'spec.terminationGracePeriodSeconds', message: 'expected numeric' }
  assert.equal(await told(text, cause), ['server-refused 5: spec.terminationGracePeriodSeconds', ...OURS])
})

test('an item that is there twice is told once, whichever of its lines its key is on', async () => {
  const listener = '    - port: 80\n      protocol: HTTP\n      name: a\n'
  const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: a, namespace: web }
spec:
  gatewayClassName: any
  listeners:
${listener}${listener.replace('80', '81')}`
  const duplicate = 'Duplicate value: {"name":"a"}'
  const found = await told(gateway, { field: 'spec.listeners[1]', message: duplicate })
  assert.equal(found, ['resource-rule-broken 6: spec.listeners', 'name-duplicate 10: spec.listeners[1]'])
  const other = await told(gateway, { field: 'spec.listeners[0]', message: duplicate })
  assert.ok(other.includes('server-refused 7: spec.listeners[0]'))
})

test('an error of policy takes no refusal away', () => {
  const { objects, comments } = manifestsOf([{ file: 'a.yaml', text: TEXT }])
  const causes = [{ field: 'spec.containers[0].image', message: 'not from our registry' }]
  const answers = objects.flatMap((object) =>
    answerFindings(object, { code: 422, status: { details: { causes } }, warnings: [] }),
  )
  const policy = checkObjects(objects, { world: OPEN_WORLD }).filter(({ rule }) => rule === 'image-tag-mutable')
  const { findings } = configured([...policy, ...answers], NONE, { objects, comments, isInSight: () => true })
  assert.equal(
    findings.map(({ rule, path }) => [rule, path]),
    [
      ['image-tag-mutable', 'spec.containers[0].image'],
      ['server-refused', 'spec.containers[0].image'],
    ],
  )
})

test.run()
