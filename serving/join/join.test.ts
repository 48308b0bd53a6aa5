import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture, INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, scratch, servedVersion, testServer } from '../testing/server.ts'
import { createDataSet } from './data-set.ts'
import { type JoinOptions, joinLogs } from './join-logs.ts'

test.after.each(cleanUp)

const LOG = readFileSync(fixture('join.jsonl'), 'utf8')

const run = (paths: string[], more: Partial<JoinOptions> = {}) =>
  joinLogs({
    ...{ paths, slices: [], tasks: new Map(), maxDelayMs: Number.POSITIVE_INFINITY, memoryBytes: 2 ** 26 },
    ...more,
  })

/** A log of these events. */
function logOf(...events: object[]): string {
  const file = join(scratch(), 'log.jsonl')
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  return file
}

const predicted = (requestId: string, y: number | number[], more: object = {}) => ({
  ...{ type: 'prediction', requestId, time: '2026-05-01T12:00:00Z', model: 'm', version: '1.0.0', digest: 'sha256:0' },
  ...{ mode: 'stable', latencyMs: 1, rows: [y].flat().length, inputs: [y].flat().map((_, index) => ({ index })) },
  outputs: [y].flat().map((value) => ({ y: value })),
  ...more,
})

const known = (requestId: string, truth: (number | null)[], time = '2026-05-02T12:00:00Z') => ({
  ...{ type: 'feedback', requestId, time, model: 'm', kinds: { y: 'number' } },
  truth: truth.map((value) => value && { y: value }),
})

const rowsOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('a log that does not fit into memory is partitioned on disk: the same rows, the same metrics', async () => {
  const folder = scratch()
  const results: unknown[] = []
  const rows: string[][] = []
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('modelyard-join-'))
  // The second holds two or three lines at a time, so that parts are partitioned again.
  for (const [index, memoryBytes] of [2 ** 26, 1000].entries()) {
    const output = join(folder, `${index}.jsonl`)
    const { counts, models } = await run([fixture('join.jsonl')], { memoryBytes, dataSet: createDataSet(output) })
    assert.is(counts.joinedRows, 144)
    // Sums of floating-point numbers depend on the order of the rows in their last digits.
    results.push(
      JSON.parse(JSON.stringify({ counts, models }), (_, value) =>
        typeof value === 'number' ? Number(value.toPrecision(10)) : value,
      ),
    )
    rows.push(readFileSync(output, 'utf8').trimEnd().split('\n').sort())
  }
  assert.equal(results[1], results[0])
  assert.equal(rows[1], rows[0])
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith('modelyard-join-'))
  assert.ok(
    after.every((name) => before.includes(name)),
    'the partitions are removed',
  )
})

test('the files of several pods, rotated, packed, as CloudEvents or as batches, are one log', async () => {
  const folder = scratch()
  const lines = LOG.trimEnd().split('\n')
  const part = (index: number) => lines.filter((_, line) => line % 5 === index)
  const cloudEvent = (line: string) => ({ specversion: '1.0', id: '1', source: '/', type: 't', data: JSON.parse(line) })
  mkdirSync(join(folder, 'pod-b'))
  writeFileSync(join(folder, 'predictions-pod-a.jsonl'), `${part(0).join('\n')}\n`)
  writeFileSync(join(folder, 'predictions-pod-a.jsonl.1'), part(1).join('\r\n'))
  writeFileSync(join(folder, 'pod-b', 'log.ndjson.gz'), gzipSync(`${part(2).join('\n')}\n`))
  writeFileSync(join(folder, 'pod-b', 'events.json'), JSON.stringify(part(3).map(cloudEvent)))
  writeFileSync(
    join(folder, 'pod-b', 'more.log'),
    part(4)
      .map((line) => JSON.stringify(cloudEvent(line)))
      .join('\n'),
  )
  writeFileSync(join(folder, 'README.txt'), 'not a log')
  // Neither is read again through a link.
  symlinkSync(folder, join(folder, 'pod-b', 'circle'))
  symlinkSync(join(folder, 'pod-b', 'events.json'), join(folder, 'events.json'))
  const { counts, models } = await run([folder])
  const whole = await run([fixture('join.jsonl')])
  assert.is(counts.files, 5)
  assert.is(counts.unreadableLines, 0)
  assert.is(counts.joinedRows, whole.counts.joinedRows)
  assert.equal(Object.keys(models).sort(), Object.keys(whole.models).sort())
})

test('duplicates, corrections, late and lonely truths are counted, and the newest counts', async () => {
  const log = logOf(
    // Sent twice, and corrected: 7 is what counts.
    known('a', [6]),
    predicted('a', 5),
    predicted('a', 5),
    known('a', [6]),
    known('a', [7], '2026-05-03T12:00:00Z'),
    predicted('late', 1),
    known('late', [1], '2026-06-01T12:00:00Z'),
    predicted('lonely', 1),
    known('unknown', [1]),
    predicted('mismatched', 1),
    known('mismatched', [1, 2]),
  )
  const { counts, models } = await run([log], { maxDelayMs: 7 * 86_400_000 })
  assert.equal(counts, {
    files: 1,
    lines: 11,
    unreadableLines: 0,
    predictions: 5,
    truths: 6,
    joinedRows: 1,
    duplicatePredictions: 1,
    duplicateTruths: 2,
    lateTruths: 1,
    mismatchedTruths: 1,
    predictionsWithoutTruth: 3,
    truthsWithoutPrediction: 1,
    truncatedRows: 0,
    leftOutEvents: 0,
  })
  assert.equal(models.m?.y?.versions['1.0.0']?.metrics, { rows: 1, mae: 2, rmse: 2, r2: null, bias: -2 })
})

test('the truths of a request of several rows may come row by row; rows that the log has cut are counted', async () => {
  const cut = { ...predicted('b', [1, 2]), rows: 3, truncated: true }
  const log = logOf(
    predicted('a', [1, 2, 3]),
    known('a', [10, null, null]),
    known('a', [null, null, 30]),
    cut,
    known('b', [null, 20, 30]),
  )
  const output = join(scratch(), 'rows.jsonl')
  const { counts } = await run([log], { dataSet: createDataSet(output) })
  assert.is(counts.truncatedRows, 1)
  assert.is(counts.duplicateTruths, 0)
  const shown = rowsOf(output).map(({ requestId, row, inputs, outputs, truth }) => [
    requestId,
    row,
    inputs.index,
    outputs.y,
    truth.y,
  ])
  assert.equal(shown, [
    ['a', 0, 0, 1, 10],
    ['a', 2, 2, 3, 30],
    ['b', 1, 1, 2, 20],
  ])
})

test('torn and foreign lines are counted, and one request cannot fill the memory', async () => {
  const log = logOf(predicted('a', 1), known('a', [2]), ...new Array(1500).fill(predicted('loop', 1)))
  writeFileSync(log, '{"type":"predic\n[1,2]\n{"type":"prediction"}\n\nnull\n', { flag: 'a' })
  const { counts } = await run([log])
  assert.is(counts.unreadableLines, 4)
  assert.is(counts.joinedRows, 1)
  assert.is(counts.leftOutEvents, 500)
})

test('CSV has every column of the log, quoted where it must be, nested values by label', async () => {
  const log = logOf(
    predicted('a', 1, { inputs: [{ town: 'Ham, "upon" Sea' }], outputs: [{ y: 1, p: { no: 0.25, yes: 0.75 } }] }),
    known('a', [2]),
    predicted('b', 3, { inputs: [{ area: 60, list: [1, 2] }] }),
    known('b', [4]),
  )
  const output = join(scratch(), 'rows.csv')
  await run([log], { dataSet: createDataSet(output) })
  const [header, first, second, end] = readFileSync(output, 'utf8').split('\r\n')
  const fixed = 'requestId,row,time,truthTime,model,version,release,mode,latencyMs'
  assert.is(header, `${fixed},input.town,output.y,output.p.no,output.p.yes,truth.y,input.area,input.list`)
  const about = '0,2026-05-01T12:00:00Z,2026-05-02T12:00:00Z,m,1.0.0,,stable,1'
  assert.is(first, `a,${about},"Ham, ""upon"" Sea",1,0.25,0.75,2,,`)
  assert.is(second, `b,${about},,3,,,4,60,"[1,2]"`)
  assert.is(end, '')
})

test('a log that cannot be read leaves no half data set', async () => {
  const output = join(scratch(), 'rows.csv')
  const broken = join(scratch(), 'broken.jsonl.gz')
  writeFileSync(broken, gzipSync(LOG).subarray(0, 3000))
  for (const path of [broken, join(scratch(), 'absent.jsonl')]) {
    let refused = false
    await run([fixture('join.jsonl'), path], { dataSet: createDataSet(output), memoryBytes: 1000 }).catch(() => {
      refused = true
    })
    assert.ok(refused, path)
    assert.not.ok(existsSync(output))
    assert.not.ok(existsSync(`${output}.part`))
  }
})

/** The command in a process of its own. */
function command(args: string[], input = '') {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const child = spawn(process.execPath, ['-C', 'modelyard-source', '--import', 'tsx', main, 'join', ...args])
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (text) => {
    output.stdout += text
  })
  child.stderr.on('data', (text) => {
    output.stderr += text
  })
  child.stdin.end(input)
  return new Promise<typeof output & { code: number | null }>((resolve) => {
    child.on('close', (code) => resolve({ ...output, code }))
  })
}

test('what a server logs, the command joins: predictions, feedback, data set and metrics', async () => {
  const folder = scratch()
  const boot = bootConfiguration({ house: await servedVersion('1.0.0', 'house.onnx', INTERFACES.house) })
  boot.server.predictionLog = { sink: `${pathToFileURL(folder).href}/` }
  const server = await testServer(boot)
  const errors: number[] = []
  for (const [index, town] of ['north', 'south', 'north', null].entries()) {
    const answer = await server.post('/predict', { area: 60 + index, town })
    const truth = answer.json.prediction.variable + index
    errors.push(-index)
    const requestId = answer.headers.get('x-request-id')
    assert.is((await server.post('/feedback', { requestId, truth: { variable: truth } })).status, 202)
  }
  await server.close()
  const output = join(folder, 'truths.csv')
  const { code, stdout, stderr } = await command([folder, '--slice', 'town', '--output', output])
  assert.is(code, 0, stderr)
  const { counts, models } = JSON.parse(stdout)
  assert.is(counts.joinedRows, 4)
  const { metrics, slices } = models.house.variable.versions['1.0.0']
  assert.ok(Math.abs(metrics.mae - 1.5) < 1e-9)
  assert.ok(Math.abs(metrics.bias + 1.5) < 1e-9)
  assert.equal(Object.keys(slices.town).sort(), ['(missing)', 'north', 'south'])
  assert.ok(Math.abs(slices.town.north.mae - 1) < 1e-9)
  assert.is(readFileSync(output, 'utf8').trimEnd().split('\r\n').length, 5)
})

test('the command reads standard input, packed too, and says what is wrong in one sentence', async () => {
  const piped = await command([], gzipSync(LOG) as unknown as string)
  assert.is(piped.code, 0, piped.stderr)
  assert.is(JSON.parse(piped.stdout).counts.joinedRows, 144)
  assert.is((await command([], '')).code, 1)
  for (const [args, reason] of [
    [['--output', 'rows.xls'], 'the name must end in .csv or .jsonl'],
    [['--slice', 'age=40,18'], 'the edges must be numbers that ascend'],
    [['--task', 'y=guess'], 'give it as <output>=<regression|classification|probability>'],
    [['--max-delay', 'soon'], 'give it as 90s, 30m, 12h or 7d'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [[join(scratch(), 'absent')], 'absent cannot be read: give a log, a folder of logs'],
    [[scratch()], 'has no log in it'],
  ] as [string[], string][]) {
    const { code, stderr } = await command(args)
    assert.is(code, 2)
    assert.ok(stderr.startsWith('modelyard-serving: join: ') && stderr.includes(reason), stderr)
  }
})

test.run()
