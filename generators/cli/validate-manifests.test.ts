import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { commandLine, REPOSITORY } from '../testing/example-repository.ts'
import { thingDefinition } from '../validation/testing/thing-definition.ts'
import { runHere } from './testing/command.ts'

const test = suite('validate on the command line, outside of any repository')

function validate(input: string, ...args: string[]) {
  const [program = '', ...rest] = commandLine('validate', ...args)
  const { status, stdout, stderr } = spawnSync(program, rest, { cwd: tmpdir(), input, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const GOOD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n'

test('a stream on standard input is checked, and its exit code says how it went', () => {
  const good = validate(`${GOOD}---\n${GOOD.replace('name: a', 'name: b')}`, '-')
  assert.equal([good.status, good.stdout], [0, '2 objects in 1 file: no findings\n'])
  assert.is(validate('apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\n', '-').status, 2)
})

test('the layers that are named are checked alone, and the summary says so', async () => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: a, image: b, imge: c }] }\n'
  const found = (...args: string[]) => {
    const { status, stdout } = validate(`# modelyard-ignore image-tag-mutable: a test\n${pod}`, '-', '--json', ...args)
    const rules: string[] = JSON.parse(stdout).findings.map(({ rule }: { rule: string }) => rule)
    return { status, rules: new Set(rules) }
  }
  assert.equal(found('--only', 'schema'), { status: 1, rules: new Set(['schema-invalid']) })
  const others = found('--only', 'references,policy').rules
  assert.ok(!others.has('schema-invalid') && others.has('service-account-default'))
  assert.equal(found().rules, new Set(['schema-invalid', ...others]))
  assert.match(validate(pod, '-', '--only', 'schema').stdout, '1 object in 1 file: 1 error (only schema)')
  const wrong = validate(pod, '-', '--only', 'polcy')
  assert.equal([wrong.status, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, '"polcy" is no layer: name some of schema,references,policy,api-server.')
})

test('a chart with its CustomResourceDefinition is checked by it', () => {
  const chart = (size: string) =>
    `apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\nspec: { size: ${size} }\n---\n${thingDefinition('{ type: object, properties: { size: { type: integer } } }')}`
  assert.equal(JSON.parse(validate(chart('1'), '-', '--json').stdout).findings, [])
  assert.match(validate(chart('one'), '-').stdout, 'standard input:4 error spec.size: "one" is not a whole number')
})

test('a suppression of what is not looked for is no finding', () => {
  const map =
    '# modelyard-ignore name-duplicate, image-tag-mutable: a test\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n'
  assert.match(validate(map, '-').stdout, 'suppression-unused')
  for (const layer of ['schema', 'references']) {
    assert.is(validate(map, '-', '--only', layer).stdout, `1 object in 1 file: no findings (only ${layer})\n`)
  }
})

test('a program gets the findings and counts as JSON', () => {
  const { status, stdout } = validate(`${GOOD}dta: {}\n`, '-', '--json')
  assert.is(status, 1)
  const { findings, counts } = JSON.parse(stdout)
  assert.equal(counts, { files: 1, objects: 1, otherDocuments: 0 })
  assert.equal([findings[0].rule, findings[0].file, findings[0].line], ['schema-invalid', 'standard input', 4])
})

test('the whole output is the format that was asked for', async () => {
  const namespace = join(REPOSITORY, 'dist/production/environment/namespace.yaml')
  const inFormat = (format: string) => runHere('validate', namespace, '--format', format)
  assert.is((await inFormat('github')).stdout, '1 object in 1 file: no findings\n')
  assert.is(JSON.parse((await inFormat('sarif')).stdout).runs[0].tool.driver.name, 'modelyard')
  assert.match((await inFormat('junit')).stdout, /^<\?xml .*\n<testsuites /)
  assert.equal(JSON.parse((await inFormat('json')).stdout).findings, [])
})

test('what cannot be is said in words: no such file, options of the other use, nothing to check', async () => {
  const says = async (message: string, ...args: string[]) => {
    const { code, stderr } = await runHere('validate', ...args)
    assert.is(code, 2, message)
    assert.match(stderr, message)
  }
  await says('missing.yaml does not exist', 'missing.yaml')
  await says('--offline is for the repository', '-', '--offline')
  await says('options for manifests need an input', '--complete')
  await says('--server is about one cluster', '--server')
  await says('--context requires --server', 'dist', '--context', 'production')
  const nothing = validate('')
  assert.is(nothing.status, 2)
  assert.match(nothing.stderr, 'modelyard validate <folder>')
})

test('without kubectl an API server cannot be asked, which is exit 2 and not valid', async () => {
  const { PATH } = process.env
  process.env['PATH'] = ''
  try {
    const namespace = join(REPOSITORY, 'dist/production/environment/namespace.yaml')
    const { code, stdout } = await runHere('validate', namespace, '--server')
    assert.is(code, 2)
    assert.match(stdout, 'cannot be asked about 1 object: there is no kubectl in PATH [server-unchecked]')
  } finally {
    process.env['PATH'] = PATH
  }
})

test.run()
