import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../findings/index.ts'
import { environmentText, FILES, type Overrides, WINE, withRepository } from '../../testing/repository-fixture.ts'
import { evaluateDefinitions, runProcess } from './evaluate.ts'

const test = suite('evaluation of definitions')

const LIMITS = { timeout: 5_000, memory: 64 }
/** Milliseconds, for what never ends. */
const SHORT = 300

/** A model of that name, with statements before it and a description. */
function model(name: string, before = '', description = "''"): string {
  return `${before}\n${WINE.replace("name: 'wine',", `name: '${name}', description: String(${description}),`)}`
}

const fileOf = (name: string) => `models/${name}/model.ts`

/** Evaluates models by name, and gives what each came to. */
async function evaluate(models: Record<string, string>, others: Overrides = {}, limits = LIMITS) {
  const texts = Object.fromEntries(Object.entries(models).map(([name, text]) => [fileOf(name), text]))
  let result: Awaited<ReturnType<typeof evaluateDefinitions>> | undefined
  await withRepository({ ...texts, ...others }, async ({ root }) => {
    result = await evaluateDefinitions(root, Object.keys(models).map(fileOf), root, limits)
  })
  assert.ok(result)
  const { values, findings, notData } = result
  const descriptionOf = (name: string) =>
    (values.get(fileOf(name)) as { description?: string } | undefined)?.description
  const messageOf = (name: string) => findings.find(({ file }) => file === fileOf(name))?.message
  return { values, findings, notData, descriptionOf, messageOf }
}

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    assert.instance(error, Failure)
    return (error as Failure).message
  }
  return assert.unreachable('it did not fail') as never
}

test('a definition sees no token, no file, no process and no network', async () => {
  process.env['GITHUB_TOKEN'] = 'ghs_secret'
  try {
    const { descriptionOf, messageOf } = await evaluate({
      environment: model('environment', '', 'JSON.stringify(process.env)'),
      globals: model('globals', '', '[typeof fetch, typeof setTimeout, typeof WebSocket].join()'),
      file: model('file', "import { readFileSync } from 'node:fs'", "readFileSync('/etc/passwd')"),
      inline: model('inline', '', "process.getBuiltinModule('fs').readFileSync('/etc/passwd')"),
      command: model('command', "import { execSync } from 'node:child_process'", "execSync('id')"),
    })
    assert.is(descriptionOf('environment'), '{}')
    assert.is(descriptionOf('globals'), 'undefined,undefined,undefined')
    assert.match(messageOf('file') ?? '', 'node:fs is not available')
    assert.match(messageOf('inline') ?? '', 'getBuiltinModule is not a function')
    assert.match(messageOf('command') ?? '', 'node:child_process is not available')
  } finally {
    delete process.env['GITHUB_TOKEN']
  }
})

test('no way out of its realm leads to the process', async () => {
  const look = (expression: string) => `(() => { try { return ${expression} } catch (error) { return error.name } })()`
  const compiled = (of: string) => look(`typeof ${of}.constructor('return process')().pid`)
  const { values, descriptionOf } = await evaluate({
    object: model('object', '', compiled('({}).constructor')),
    global: model('global', '', compiled('(globalThis as any).constructor')),
    vocabulary: model('vocabulary', '', compiled('(defineModel as any)')),
    error: model('error', '', compiled('(() => { try { null.x } catch (error) { return error } })().constructor')),
    evaluated: model('evaluated', '', look("(0, eval)('1')")),
    webassembly: model(
      'webassembly',
      '',
      look('new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))'),
    ),
    imported: model(
      'imported',
      "let got = 'none'\nimport('node:' + 'fs').then((fs) => { got = typeof fs.readFileSync }, () => {})",
      'got',
    ),
    frames: model(
      'frames',
      '(Error as any).prepareStackTrace = (_: unknown, sites: any[]) => sites.map((site) => typeof site.getThis() + typeof site.getFunction()).join()',
      'new Error().stack',
    ),
    entry: model('entry', '', 'typeof (globalThis as any).modelyardRealm'),
    caller: model('caller', '', look('typeof (function f() { return (f as any).caller.caller })()')),
  })
  assert.is(values.size, 10)
  for (const name of ['object', 'global', 'vocabulary', 'error', 'evaluated'])
    assert.is(descriptionOf(name), 'EvalError')
  assert.is(descriptionOf('webassembly'), 'CompileError')
  assert.is(descriptionOf('imported'), 'none')
  // Its own frame alone.
  assert.match(descriptionOf('frames') ?? '', /^objectfunction(,undefinedundefined)+$/)
  assert.is(descriptionOf('entry'), 'undefined')
  assert.not.match(descriptionOf('caller') ?? '', 'function')
})

test('what one definition does to shared objects is not seen by another', async () => {
  const shared = "export const network = { to: ['203.0.113.0/24'] }\n"
  const tamper = [
    "import { network } from '../../shared.ts'",
    "import * as vocabulary from 'modelyard'",
    "network.to.push('0.0.0.0/0')",
    'const attempt = (work: () => void) => { try { work() } catch {} }',
    "attempt(() => { Object.defineProperty(vocabulary, 'defineModel', { value: () => ({ kind: 'model', name: 'taken' }) }) })",
    'attempt(() => { (vocabulary.defineModel as any).call = () => 0 })',
    'attempt(() => { (vocabulary.evaluation as any).atLeastRows = () => 0 })',
    '(Object.prototype as any).strict = true',
    'Array.prototype.map = () => [] as never',
    'JSON.stringify = () => \'{"kind":"value","json":"{}"}\'',
    "(globalThis as any).taken = 'taken'",
  ].join(';\n')
  const look = "import { network } from '../../shared.ts'\nimport { evaluation } from 'modelyard'\n"
  const { descriptionOf, findings } = await evaluate(
    {
      first: model('first', tamper),
      second: model(
        'second',
        look,
        '[network.to.length, ({} as any).strict, [1].map(String).length, (globalThis as any).taken, evaluation.atLeastRows(5).kind].join()',
      ),
    },
    { 'shared.ts': shared },
  )
  assert.equal(findings, [])
  assert.is(descriptionOf('second'), '1,,1,,evaluation-rows')
})

test('a model that an environment imports is a value there: its code does not run', async () => {
  const tamper = '(globalThis as any).taken = true\nArray.prototype.push = () => 0\n'
  const overrides = {
    [FILES.model]: `${tamper}${WINE}`,
    [FILES.staging]: environmentText('staging', {
      promotesFrom: 'development',
      imports: ["import wine from '../../models/wine/model.ts'"],
      properties: [
        "description: [wine.name, (globalThis as any).taken, [].push(1 as never), Object.isFrozen(wine.inputs)].join(' ')",
      ],
    }),
  }
  await withRepository(overrides, async ({ load }) => {
    const { repository, findings } = await load()
    assert.equal(findings, [])
    assert.is(repository.environments.get('staging')?.definition.value.description, 'wine  1 true')
  })
})

test('values are frozen in every depth', async () => {
  const { values } = await evaluate({ wine: WINE })
  const wine = values.get(fileOf('wine')) as { inputs: { features: { features: { alcohol: { max: number } } } } }
  assert.throws(() => {
    wine.inputs.features.features.alcohol.max = 99
  }, /read only/)
})

test('a default export is data: functions, cycles, prototypes and numbers without a value are found at their line', async () => {
  const export_ = (text: string) => `const x: any = { kind: 'model' }\n${text}\nexport default x\n`
  const { notData, values } = await evaluate({
    fn: export_('x.serving = { strict: () => true }'),
    cycle: export_('x.self = { x }'),
    prototype: export_("Object.defineProperty(x, '__proto__', { value: {}, enumerable: true })"),
    nan: export_('x.list = [1, Number.NaN]'),
    deep: export_('let at = x; for (let i = 0; i < 99; i++) at = at.x = {}'),
    wide: export_('x.list = Array.from({ length: 200_001 }, () => 0)'),
    big: export_('x.count = 5n'),
    json: export_("x.name = 'said'; x.toJSON = () => ({ name: 'other' })"),
    getter: export_(
      "let asked = 0\nObject.defineProperty(x, 'name', { enumerable: true, get: () => 'asked ' + ++asked })",
    ),
  })
  const said = (name: string) => [notData.get(fileOf(name))?.path.join('.'), notData.get(fileOf(name))?.message]
  assert.equal(said('fn'), ['serving.strict', 'a function is no data'])
  assert.equal(said('cycle'), ['self.x', 'an object inside itself is no data'])
  assert.equal(said('prototype'), ['__proto__', 'a prototype is no data'])
  assert.equal(said('nan'), ['list.1', 'NaN is no data'])
  assert.match(said('deep')[1] ?? '', 'more than 64 levels')
  assert.match(said('wide')[1] ?? '', 'more than 200000 values')
  assert.equal(said('big'), ['count', 'a bigint is no data'])
  assert.equal(said('json'), ['toJSON', 'a function is no data'])
  assert.equal(values.get(fileOf('getter')), { kind: 'model', name: 'asked 1' })
})

test('models do not import environments, and environments only the definitions of models', async () => {
  const overrides = {
    [FILES.model]: `import { limit } from '../limits.ts'\n${WINE.replace('max: 15', 'max: limit')}`,
    'models/limits.ts': "import { place } from '../environments/place.ts'\nexport const limit = place\n",
    'environments/place.ts': 'export const place = 15\n',
    'models/beer/model.ts': `import staging from '../../environments/staging/environment.ts'\n${WINE.replace("'wine'", "'beer'").replace("'cellar'", 'staging.name')}`,
    [FILES.staging]: environmentText('staging', {
      promotesFrom: 'development',
      imports: ["import { limit } from '../../models/limits.ts'"],
      properties: ['description: String(limit)'],
    }),
  }
  await withRepository(overrides, async ({ load }) => {
    const { findings } = await load()
    assert.equal(
      findings
        .filter(({ rule }) => rule === 'definition-import')
        .map(({ file, line, message }) => [file, line, message]),
      [
        [
          FILES.staging,
          3,
          'imports models/limits.ts: of models/, an environment may import models/<model>/model.ts alone',
        ],
        [
          'models/beer/model.ts',
          1,
          'imports environments/staging/environment.ts: a model may not depend on an environment',
        ],
        ['models/limits.ts', 1, 'imports environments/place.ts: a model may not depend on an environment'],
      ],
    )
  })
})

test('a file outside of the repository is not imported, by a path or through a link', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'modelyard-outside-'))
  try {
    writeFileSync(join(outside, 'secret.json'), '{"token":"secret"}')
    await withRepository({ '.git/config.json': '{"token":"secret"}' }, async ({ root, write, load }) => {
      symlinkSync(join(outside, 'secret.json'), join(root, 'models/wine/limits.json'))
      symlinkSync(outside, join(root, 'models/wine/linked'))
      for (const path of [
        join(outside, 'secret.json'),
        './limits.json',
        './linked/secret.json',
        '../../.git/config.json',
      ]) {
        write(FILES.model, `import secret from '${path}'\n${WINE.replace("'cellar'", 'secret.token')}`)
        const { repository, findings } = await load()
        assert.is(repository.models.get('wine')?.definition, undefined)
        assert.equal(
          findings.map(({ rule, file, line }) => [rule, file, line]),
          [['definition-import', FILES.model, 1]],
        )
      }
    })
  } finally {
    rmSync(outside, { recursive: true })
  }
})

test('what ends the process, does not end itself or takes all memory fails, and names the definition', async () => {
  const attempts: [string, RegExp][] = [
    ['process.exit(0)', /^models\/bad\/model.ts ends the process that evaluates it$/],
    ['try { process.exit(0) } catch {}', /^models\/bad\/model.ts ends the process that evaluates it$/],
    ['for (;;) {}', /^models\/bad\/model.ts was not evaluated within 0.3 s$/],
    ['void (async () => { for (;;) await null })()', /^models\/bad\/model.ts was not evaluated within 0.3 s$/],
    [
      'const all: unknown[] = []; for (;;) all.push(new Array(1e5).fill(all.length))',
      /^the process that evaluates definitions needed more than 64 MiB of memory, at models\/bad\/model.ts$/,
    ],
  ]
  for (const [statement, expected] of attempts) {
    const timeout = /memory/.test(String(expected)) ? LIMITS.timeout : SHORT
    const work = evaluate({ good: model('good'), bad: model('bad', statement) }, {}, { ...LIMITS, timeout })
    assert.match(await failure(work), expected)
  }
})

test('only as many answers as there are definitions, in order and with an end, are taken', async () => {
  const request = {
    realm: '',
    vocabulary: '',
    sources: ['a', 'b'].map((file) => ({ file, code: '', imports: [] })),
    known: {},
    timeout: 100,
  }
  const line = (index: number) => `{"index":${index},"outcome":{"kind":"value","json":"1"}}\n`
  const run = (text: string, then = '') =>
    runProcess(`require('node:fs').writeSync(3, ${JSON.stringify(text)});${then}`, request, LIMITS)
  const right = `${line(0)}${line(1)}"end"\n`
  assert.equal(
    await run(right),
    [0, 1].map(() => ({ kind: 'value', json: '1' })),
  )
  const [first, second] = [line(0), line(1)]
  for (const [text, then, expected] of [
    ['', 'process.exit(0)', 'ended early (exit code 0), at a'],
    [first, '', 'ended early (exit code 0), at b'],
    [`${first}${second}`, '', 'ended early (exit code 0)'],
    [`${first}"end"\n`, '', 'gave answers that were not asked for, at b'],
    [`${second}${first}"end"\n`, '', 'gave answers that were not asked for, at a'],
    [`${first}${first}${second}"end"\n`, '', 'gave answers that were not asked for, at b'],
    [`${right}${right}`, '', 'gave answers that were not asked for'],
    [`${first}${second}${line(2)}"end"\n`, '', 'gave answers that were not asked for'],
    ['not JSON\n', '', 'gave answers that were not asked for, at a'],
    [right, 'process.exit(3)', 'ended early (exit code 3)'],
    [right, "process.kill(process.pid, 'SIGKILL')", 'ended early (SIGKILL)'],
  ] as const) {
    assert.is(await failure(run(text, then)), `the process that evaluates definitions ${expected}`)
  }
})

test('the process has no environment and no right to files, children or code from text', async () => {
  const request = { realm: '', vocabulary: '', sources: [{ file: 'a', code: '', imports: [] }], known: {}, timeout: 1 }
  const tried = [
    'Object.keys(process.env).length',
    "require('node:fs').readFileSync('/etc/hostname').length",
    "require('node:fs').writeFileSync('/tmp/modelyard-written', '')",
    "require('node:child_process').spawnSync('true').pid",
    "Function('return 1')()",
  ]
  const look = tried.map(
    (one) => `(() => { try { return ${one} } catch (error) { return error.code ?? error.name } })()`,
  )
  const program = `const seen = JSON.stringify([${look.join()}])
    const answer = JSON.stringify({ index: 0, outcome: { kind: 'value', json: seen } })
    require('node:fs').writeSync(3, answer + '\\n"end"\\n')`
  const [outcome] = await runProcess(program, request, LIMITS)
  assert.ok(outcome?.kind === 'value')
  const denied = 'ERR_ACCESS_DENIED'
  assert.equal(JSON.parse(outcome.json ?? ''), [0, denied, denied, denied, 'EvalError'])
})

test('a definition that changes how its answer is written is refused: it neither vanishes nor becomes another kind of answer', async () => {
  const answers: Record<string, string> = {
    nonsense: "{ kind: 'nonsense' }",
    missing: "{ kind: 'import-missing' }",
    timeout: "{ kind: 'timeout' }",
    unparsable: "{ kind: 'value', json: 'not json' }",
    thrown: "{ kind: 'thrown' }",
    place: "{ kind: 'not-data', path: 5, what: {} }",
    nothing: 'null',
    deep: "{ kind: 'value', json: '['.repeat(1000) + ']'.repeat(1000) }",
    prototype: `{ kind: 'value', json: '{"__proto__":{"name":"evil"}}' }`,
  }
  const forged = Object.entries(answers).map(([name, answer]): [string, string] => [
    name,
    model(name, `Object.defineProperty(Object.prototype, 'toJSON', { value: () => (${answer}) })`),
  ])
  const { values, notData, messageOf, descriptionOf } = await evaluate({
    ...Object.fromEntries(forged),
    honest: model('honest', '', "'as it is'"),
  })
  for (const [name] of forged) {
    const refused = messageOf(name) ?? notData.get(fileOf(name))?.message
    assert.match(refused ?? '', /fails when it is evaluated|is no data/, name)
    assert.is(values.get(fileOf(name)), undefined, name)
  }
  assert.is(descriptionOf('honest'), 'as it is')
})

test('nothing of a file outside of the repository is repeated, not even where it is no TypeScript', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'modelyard-outside-'))
  try {
    writeFileSync(join(outside, 'secret.ts'), 'password s3cret\n')
    const { findings } = await evaluate({
      reader: model('reader', `import secret from ${JSON.stringify(join(outside, 'secret.ts'))}`, 'secret'),
    })
    assert.equal(
      findings.map(({ rule, file }) => [rule, file]),
      [['definition-import', fileOf('reader')]],
    )
    assert.not.match(JSON.stringify(findings), 's3cret')
  } finally {
    rmSync(outside, { recursive: true, force: true })
  }
})

test.run()
