import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { commandLine, withExample } from '../testing/example-repository.ts'
import { thingDefinition } from '../validation/testing/thing-definition.ts'
import { runHere } from './testing/command.ts'

const test = suite('validate --fix')

/** Repairs a file, and again: the second time there is nothing left to do. */
async function fixed(before: string): Promise<{ text: string; said: string[]; code: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-fix-'))
  const file = join(folder, 'a.yaml')
  try {
    writeFileSync(file, before)
    const { code, stdout } = await runHere('validate', file, '--fix')
    const text = readFileSync(file, 'utf8')
    assert.not.match((await runHere('validate', file, '--fix')).stdout, /^fixed /m)
    assert.is(readFileSync(file, 'utf8'), text)
    const said = stdout.split('\n').filter((line) => line.startsWith('fixed '))
    return { text, said: said.map((line) => line.replace(`${file}:`, '')), code }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const META = 'metadata: { name: a, namespace: web }'
const configMap = (data: string) => `apiVersion: v1\nkind: ConfigMap\n${META}\ndata:\n${data}`
const service = (spec: string) => `apiVersion: v1\nkind: Service\n${META}\nspec:\n${spec}`

test('a text that YAML reads as something else is put in quotes as it was written', async () => {
  const { text, said, code } = await fixed(
    configMap('  a: yes # keep\n  "b":   1.10\n  c: 012\n  d: fine\n  e: [on]\n').replace('  e: [on]\n', ''),
  )
  assert.is(text, configMap('  a: "yes" # keep\n  "b":   "1.10"\n  c: "012"\n  d: fine\n'))
  assert.equal(said[0], 'fixed 5: "yes" for yes [schema-invalid]')
  assert.equal([said.length, code], [3, 0])
})

test('quotes around a number or a truth that is wanted go; a word that is neither stays for a person', async () => {
  const rest = '  type: ExternalName\n  externalName: a.example.com\n'
  const before = `${rest}  publishNotReadyAddresses: "true"\n  healthCheckNodePort: '30000'\n`
  const after = `${rest}  publishNotReadyAddresses: true\n  healthCheckNodePort: 30000\n`
  assert.is((await fixed(service(before))).text, service(after))
  const word = service(`${rest}  publishNotReadyAddresses: "perhaps"\n`)
  const { text, code } = await fixed(word)
  assert.equal([text, code], [word, 1])
})

test('documents, Lists, line ends and the byte order mark stay as they are', async () => {
  const document = configMap('  a: no\n').replace('name: a', 'name: b')
  const list = `apiVersion: v1\nkind: List\nitems:\n  - { apiVersion: v1, kind: ConfigMap, ${META}, data: { x: 'y', z: off } }\n`
  const before = `\ufeff# first\n${list}---\n${document}`.replaceAll('\n', '\r\n')
  const after = before.replace('z: off', 'z: "off"').replace('a: no', 'a: "no"')
  assert.is((await fixed(before)).text, after)
})

test('a version that only changed its name is renamed, one that changed more is not', async () => {
  const role = (version: string) =>
    `apiVersion: rbac.authorization.k8s.io/${version} # ours\nkind: Role\n${META}\nrules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]\n`
  const { text, said } = await fixed(role('v1beta1'))
  assert.is(text, role('v1'))
  assert.equal(said, ['fixed 1: rbac.authorization.k8s.io/v1 for rbac.authorization.k8s.io/v1beta1 [api-removed]'])
  const budget = `apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\n${META}\nspec: { maxUnavailable: 1 }\n`
  assert.is((await fixed(budget)).text, budget)
})

test('the second of two items that are the same goes; one that differs stays', async () => {
  const pod = (env: string) =>
    `apiVersion: v1\nkind: Pod\n${META}\nspec:\n  containers:\n    - name: web\n      image: web\n      env:\n${env}      stdin: true\n`
  const [a, b, other] = [
    '        - name: A\n          value: x\n',
    '        - { name: B, value: x }\n',
    '        - { name: A, value: z }\n',
  ]
  assert.is((await fixed(pod(a + b + a))).text, pod(a + b))
  const told = a.replace('- name: A', '- name: A # for the old client')
  assert.is((await fixed(pod(a + told))).text, pod(a + told))
  assert.is((await fixed(pod(a + b + other))).text, pod(a + b + other))
})

test('the second of two equal items of a custom resource goes too, whichever field its key is', async () => {
  const listener = (name: string) => `    - port: 80\n      protocol: HTTP\n      name: ${name}\n`
  const gateway = `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n${META}\nspec:\n  gatewayClassName: any\n  listeners:\n`
  const { text, said } = await fixed(gateway + listener('a') + listener('a'))
  assert.is(text, gateway + listener('a'))
  assert.equal(said, ['fixed 10: the second of two that are the same [name-duplicate]'])
  const other = gateway + listener('a') + listener('a').replace('80', '81')
  assert.is((await fixed(other)).text, other)
})

test('an item stays when another of its name stands between: the last one counts', async () => {
  const env = ['safe', 'fast', 'safe'].map((value) => `        - name: MODE\n          value: ${value}\n`).join('')
  const pod = `apiVersion: v1\nkind: Pod\n${META}\nspec:\n  containers:\n    - name: web\n      image: web\n      env:\n${env}`
  assert.is((await fixed(pod)).text, pod)
})

test('the second of two equal items of a set goes, whatever else is in it', async () => {
  const set = thingDefinition(
    'type: object\nproperties:\n  all:\n    type: array\n    x-kubernetes-list-type: set\n    items: { type: object, x-kubernetes-map-type: atomic, properties: { a: { type: integer } } }',
  )
  const thing = (items: number[]) =>
    `${set}---\napiVersion: example.com/v1\nkind: Thing\n${META}\nspec:\n  all:\n${items.map((a) => `    - a: ${a}\n`).join('')}`
  assert.is((await fixed(thing([1, 2, 1]))).text, thing([1, 2]))
})

test('what would be refused with quotes, or without them, stays for a person', async () => {
  const definition = thingDefinition(
    "type: object\nproperties:\n  digits: { type: string, pattern: '^[0-9]+$' }\n  word: { type: string, enum: ['true', 'yes'] }\n  few: { type: integer, maximum: 3 }",
  )
  const thing = (spec: string) => `${definition}---\napiVersion: example.com/v1\nkind: Thing\n${META}\nspec:\n${spec}`
  const refused = '  digits: +7\n  word: no\n  few: "5"\n'
  assert.is((await fixed(thing(refused))).text, thing(refused))
  const fraction = '  digits: 5.5\n'
  assert.is((await fixed(thing(fraction))).text, thing(fraction))
  assert.is(
    (await fixed(thing('  digits: 07\n  word: yes\n  few: "2"\n'))).text,
    thing('  digits: "07"\n  word: "yes"\n  few: 2\n'),
  )
})

test('a file whose lines end in carriage returns alone is left alone', async () => {
  const text = configMap('  a: yes\n').replaceAll('\n', '\r')
  assert.equal((await fixed(text)).text, text)
})

test('a comment that suppresses nothing goes, with its line where it stands alone', async () => {
  const before = configMap(
    '  # modelyard-ignore run-as-root: once\n  a: b # modelyard-ignore read-only-root: once\n  # ours\n',
  )
  assert.is((await fixed(before)).text, configMap('  a: b\n  # ours\n'))
})

test('what stands in a text is no comment: it stays, and suppresses nothing', async () => {
  const texts = configMap(
    '  a: "see # modelyard-ignore run-as-root: why"\n' +
      '  b: |\n    # modelyard-ignore run-as-root: why\n    kind: Pod\n' +
      "  c: 'one\n    # modelyard-ignore run-as-root: why\n  two'\n" +
      '  d: one\n    two# modelyard-ignore run-as-root: why\n',
  )
  const { text, said } = await fixed(texts)
  assert.equal([text, said], [texts, []])
})

test('--dry-run says what --fix would do, round after round, and what is found in the files as they are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-fix-'))
  const file = join(folder, 'a.yaml')
  // In quotes, the second item says the same as the first.
  const env = '      env:\n        - name: A\n          value: "yes"\n        - name: A\n          value: yes\n'
  const before = `apiVersion: v1\nkind: Pod\n${META}\nspec:\n  containers:\n    - name: web\n      image: web\n${env}`
  const lines = (text: string, verb: string) =>
    text.split('\n').flatMap((line) => (line.startsWith(`${verb} `) ? [line.slice(verb.length)] : []))
  try {
    writeFileSync(file, before)
    const dry = await runHere('validate', file, '--fix', '--dry-run')
    assert.is(readFileSync(file, 'utf8'), before)
    assert.equal([dry.code, /\[schema-invalid\]/.test(dry.stdout)], [1, true])
    const json = JSON.parse((await runHere('validate', file, '--fix', '--dry-run', '--json')).stdout)
    assert.equal([json.wouldFix.length, json.fixed], [2, undefined])
    const real = await runHere('validate', file, '--fix')
    assert.is(lines(dry.stdout, 'would fix').length, 2)
    assert.equal(lines(dry.stdout, 'would fix'), lines(real.stdout, 'fixed'))
    assert.not.match((await runHere('validate', file, '--fix', '--dry-run')).stdout, 'would fix')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('--dry-run alone is refused', async () => {
  const { code, stderr } = await runHere('validate', '.', '--dry-run')
  assert.is(code, 2)
  assert.match(stderr, /without --fix\n.*Add --fix, or leave --dry-run out\./)
})

test('standard input is looked at after the repair of a file too', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-fix-'))
  const file = join(folder, 'a.yaml')
  try {
    writeFileSync(file, configMap('  a: yes\n'))
    const [program = '', ...rest] = commandLine('validate', '-', file, '--fix')
    const input = configMap('  b: true\n').replace('name: a', 'name: b')
    const { stdout } = spawnSync(program, rest, { input, encoding: 'utf8' })
    assert.match(stdout, /^fixed .*\nstandard input:5 error /)
    assert.match(stdout, '2 objects in 2 files: 1 error')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('in a repository dist/ is written anew, which --dry-run only says', () =>
  withExample(async ({ root, edit, read }) => {
    const file = 'dist/production/models/house-price/deployment.yaml'
    const before = read(file)
    edit(file, 'revisionHistoryLimit: 3', 'revisionHistoryLimit: 5')
    const stale = read(file)
    const dry = await runHere('validate', '--root', root, '--offline', '--fix', '--dry-run')
    assert.match(dry.stdout, `would fix ${file}:1: written, as synth does [dist-stale]`)
    assert.equal([read(file), dry.code], [stale, 1])
    const { stdout, code } = await runHere('validate', '--root', root, '--offline', '--fix')
    assert.match(stdout, `fixed ${file}:1: written, as synth does [dist-stale]`)
    assert.equal([read(file), code], [before, 0])
  }))

test.run()
