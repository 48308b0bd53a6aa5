import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Finding, sortFindings } from '../../findings/index.ts'
import { type ManifestObject, manifestsOf } from '../manifest-objects.ts'
import { checkSchema } from '../schema/index.ts'
import { thingDefinition } from '../testing/thing-definition.ts'
import { askOwnCode, whyUnavailable } from './index.ts'

const test = suite("the API server's own code")

const reason = whyUnavailable()
if (reason !== undefined) console.log(`skipped: ${reason}`)
const check = reason === undefined ? test : test.skip

/** What kube-apiserver 1.36.3 answered to each manifest; `text` may hold several objects. */
const CASES = JSON.parse(readFileSync(new URL('../testing/server-verdicts.json', import.meta.url), 'utf8')) as {
  name: string
  server: 'accepted' | 'refused'
  text: string
}[]

/** A custom resource, with its definition, that breaks everything at once. */
const THING = `${thingDefinition(`type: object
required: [mode]
properties:
  size: { type: integer, maximum: 3 }
  exact: { type: integer, format: int64 }
  mode: { type: string, default: fast }
x-kubernetes-validations: [{ rule: 'self.exact == 9007199254740993', message: 'not exact' }]`)}---
apiVersion: example.com/v1
kind: Thing
metadata: { name: a }
spec:
  exact: EXACT
  size: SIZE
  extra: 1
`
const thing = (size: number, exact: string) => THING.replace('SIZE', String(size)).replace('EXACT', exact)

const objectsIn = (file: string, text: string) => manifestsOf([{ file, text }]).objects

check('its verdicts are those of the server itself; what it does not know, the schemas do', async () => {
  const texts = [
    ...CASES.map(({ name, text }) => ({ file: `${name}.yaml`, text })),
    { file: 'broken.yaml', text: thing(5, '9007199254740993') },
    { file: 'inexact.yaml', text: thing(3, '9007199254740992').replace('  extra: 1\n', '') },
  ]
  const objects: ManifestObject[] = texts.flatMap(({ file, text }) => objectsIn(file, text))
  // One start for all of them.
  const found = await askOwnCode(objects, '1.36', { isAlone: false })
  const errors = [...found, ...checkSchema(objects)].filter(({ severity }) => severity === 'error')
  const unserved = (file: string) =>
    objects.some(
      (object) =>
        object.file === file && /\.(?:io|sh|com)\//.test(String((object.value as { apiVersion?: string }).apiVersion)),
    )
  const wrong = CASES.filter(({ name, server, text }) => {
    const file = `${name}.yaml`
    const isRefused =
      errors.some((finding) => finding.file === file) || manifestsOf([{ file, text }]).findings.length > 0
    // The server of the trial had no definitions of these.
    return (server === 'refused') !== isRefused && !(server === 'refused' && unserved(file))
  })
  assert.equal(
    wrong.map(({ name }) => name),
    [],
  )
  const of = (name: string, findings: readonly Finding[] = found) =>
    sortFindings(findings)
      .filter(({ file }) => file === `${name}.yaml`)
      .map(({ rule, line, message }) => `${rule} ${line} ${message}`)
  assert.equal(of('45-service-no-ports'), ['api-server-refused 4 spec.ports: Required value'])
  // The rule in CEL keeps: the number is read digit by digit.
  assert.equal(of('broken'), [
    'api-server-refused 30 spec.size: Invalid value: 5: spec.size in body should be less than or equal to 3',
    'api-server-refused 31 spec.extra: unknown field "spec.extra"',
  ])
  assert.equal(of('inexact').length, 1)
  assert.match(of('inexact')[0] ?? '', 'api-server-refused 28 spec: Invalid value: not exact')
})

test('a minor that it does not emulate could not be checked', async () => {
  const [finding, ...more] = await askOwnCode(
    objectsIn('a.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n'),
    '1.28',
    {
      isAlone: true,
    },
  )
  assert.equal([finding?.rule, more.length], ['api-server-unchecked', 0])
})

test.run()
