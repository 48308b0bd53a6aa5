import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseYaml } from '../../yaml/index.ts'
import { type ManifestObject, manifestsOf } from '../manifest-objects.ts'
import { thingDefinition } from '../testing/thing-definition.ts'
import { checkSchema, openSchemas, withDefinitionsIn } from './index.ts'

const test = suite('schemas that a user names')

const CRD = thingDefinition(`type: object
required: [size, mode]
properties:
  size: { type: integer, minimum: 1 }
  mode: { type: string, default: fast }
  port: { x-kubernetes-int-or-string: true }
  free: { type: object, x-kubernetes-preserve-unknown-fields: true }`)
const JSON_SCHEMA = JSON.stringify({
  $schema: 'http://json-schema.org/schema#',
  type: 'object',
  properties: {
    spec: { type: 'object', properties: { size: { type: 'integer', format: 'int32' } }, additionalProperties: false },
  },
})

const thing = (spec: object, metadata: object = { name: 'a' }): ManifestObject => ({
  file: 'thing.yaml',
  value: { apiVersion: 'example.com/v1', kind: 'Thing', metadata, spec },
  lineOf: () => 1,
})

/** What is wrong with the things, by a folder of these schema files. */
function found(files: Record<string, string>, ...things: ManifestObject[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-schemas-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const schemas = openSchemas({ schema: [folder] })
    return checkSchema(things, { schemas }).map(({ message }) => message)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the kind of a CustomResourceDefinition is checked strictly, as the API server does', () => {
  const files = { 'crds/thing.yaml': `# two documents\n---\n${CRD}` }
  assert.equal(found(files, thing({ size: 1, port: '80', free: { any: 1 } })), [])
  assert.equal(found(files, thing({ size: 0, mdoe: 'x' })), [
    'spec.mdoe: unknown field; did you mean "mode"?',
    'spec.size: 0 is less than 1',
  ])
  assert.equal(found(files, thing({ size: 1 }, { name: 'a', label: {} })), [
    'metadata.label: unknown field; did you mean "labels"?',
  ])
})

test("JSON Schemas are found by both of kubeconform's layouts", () => {
  for (const name of ['thing-example-v1.json', 'thing-example.com-v1.json', 'example.com/thing_v1.json']) {
    assert.equal(found({ [name]: JSON_SCHEMA }, thing({ size: 1 })), [], name)
    assert.equal(
      found({ [name]: JSON_SCHEMA }, thing({ sise: 1 })),
      ['spec.sise: unknown field; did you mean "size"?'],
      name,
    )
  }
  const other = found({ 'thing-other-v1.json': JSON_SCHEMA }, thing({ size: 1 }))
  assert.equal(other, ['could not check: there is no schema of example.com/v1 Thing'])
})

test('a schema that is named comes before our own', () => {
  const configMap: ManifestObject = {
    file: 'a.yaml',
    value: { apiVersion: 'v1', kind: 'ConfigMap', spec: {} },
    lineOf: () => 1,
  }
  assert.equal(found({ 'configmap-v1.json': JSON_SCHEMA }, configMap), [])
})

test('a CustomResourceDefinition beside its objects describes them, unless it cannot be used', () => {
  const says = (crd: string) => {
    const schemas = withDefinitionsIn([{ value: parseYaml('crd.yaml', crd).document?.value }], openSchemas())
    const things = [thing({ size: 1, mode: 'slow' }), thing({ size: 0, mode: 'slow' })]
    return checkSchema(things, { schemas }).map(({ rule, path }) => `${rule} ${path}`)
  }
  assert.equal(says(CRD), ['schema-invalid spec.size'])
  const unknown = ['schema-unknown-kind kind', 'schema-unknown-kind kind']
  assert.equal(says(CRD.replaceAll('example.com', 'example.org')), unknown)
  assert.equal(says(CRD.replace('minimum: 1', 'if: {}')), unknown)
})

test('days and durations are those that the API server reads', () => {
  const crd = thingDefinition(`type: object
properties:
  day: { type: string, format: date }
  pause: { type: string, format: duration }`)
  const wrong = (spec: object) => found({ 'crd.yaml': crd }, thing(spec))
  for (const pause of ['0', '1h30m', '-.5s', '1.µs', '2 days', '1 Hour and 3 min']) {
    assert.equal(wrong({ day: '2024-02-29', pause }), [], pause)
  }
  for (const pause of ['', '10', '1x', 's', '9223372036854775808h']) {
    assert.equal(wrong({ pause }), [`spec.pause: "${pause}" is not a duration such as 1h30m, 10s or 2 days`])
  }
  assert.equal(wrong({ day: '2023-02-29' }), ['spec.day: "2023-02-29" is not a day such as 2026-11-21'])
})

test('a path without schemas, and a schema that cannot be used, are told in words', () => {
  assert.throws(() => openSchemas({ schema: ['no/such/path'] }), /no\/such\/path does not exist/)
  assert.throws(() => found({ 'notes.yaml': 'a: 1\n' }), /holds no schema/)
  assert.throws(
    () => found({ 'thing-example-v1.json': '{"$ref": "_definitions.json#/x"}' }, thing({})),
    /no JSON Schema that can be used/,
  )
  assert.throws(() => found({ 'thing-example-v1.json': '{' }, thing({})), /no JSON Schema that can be used/)
  assert.throws(
    () => found({ 'crd.yaml': CRD.replace('minimum: 1', 'x-unknown: 1') }),
    /CRD keyword x-unknown is new here/,
  )
})

test('a definition that no schema can be made of describes nothing, and bounds may be exclusive', () => {
  const found = (a: string, value: string) => {
    const definition = thingDefinition(`type: object\nproperties: { a: ${a} }`)
    const text = `${definition}---\napiVersion: example.com/v1\nkind: Thing\nmetadata: { name: x }\nspec: { a: ${value} }\n`
    const { objects } = manifestsOf([{ file: 'a.yaml', text }])
    return checkSchema(objects.slice(1), { schemas: withDefinitionsIn(objects, openSchemas()) }).map(({ rule }) => rule)
  }
  for (const wrong of [
    '{ type: text }',
    '{ type: [string] }',
    '{ enum: x }',
    '{ pattern: 7 }',
    '{ minimum: x }',
    '{ maxLength: -1 }',
  ]) {
    assert.equal(found(wrong, 'b'), ['schema-unknown-kind'], wrong)
  }
  const bounded = '{ type: integer, minimum: 3, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: false }'
  assert.equal(
    [3, 4, 5, 6].map((value) => found(bounded, String(value)).length),
    [1, 0, 0, 1],
  )
})

test.run()
