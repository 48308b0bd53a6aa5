import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MAX_BODY } from './assemble-body.ts'
import { describePromotion } from './describe.ts'
import { describeCandidate, describeRollback } from './describe-step.ts'
import { CODE_WIDTH } from './markdown.ts'
import { readHiddenBlock } from './pull-request-metadata.ts'
import type { CandidateReport, PromotionReport } from './report.ts'
import { formatForTerminal } from './terminal.ts'
import { randomReport } from './testing/random-report.ts'
import { canary, first, rollback } from './testing/reports.ts'

const expected = (name: string) =>
  readFileSync(fileURLToPath(new URL(`testing/${name}`, import.meta.url)), 'utf8').trimEnd()

test('a canary beside a champion reads as expected', () => {
  const { title, body } = describePromotion(canary)
  assert.is(title, 'Promote fraud-scorer 1.4.2 -> 1.5.0 to production (canary 10 %)')
  assert.fixture(body, expected('canary-body.txt'))
})

test('a first promotion reads as expected, and claims nothing that was not measured', () => {
  const { title, body } = describePromotion(first)
  assert.is(title, 'Promote house-price 1.0.0 to staging')
  assert.fixture(body, expected('first-body.txt'))
})

test('a rollback reads as expected', () => {
  const { title, body } = describeRollback(rollback)
  assert.is(title, 'Roll back fraud-scorer 1.5.0 -> 1.4.2 in production')
  assert.fixture(body, expected('rollback-body.txt'))
})

test('a terminal shows the same words without the signs of Markdown', () => {
  assert.fixture(formatForTerminal(describePromotion(canary).body), `${expected('canary-terminal.txt')}\n`)
})

test('a release of the same version is told apart by its name', () => {
  const { title } = describePromotion({ ...canary, to: { version: '1.4.2', release: '1.4.2-d20a77e1' } })
  assert.match(title, '1.4.2-8f3c2a9d -> 1.4.2-d20a77e1')
})

test('what is unknown is said to be unknown', () => {
  const report: PromotionReport = {
    ...canary,
    interfaceChanges: undefined,
    predictions: { kind: 'unknown', reason: 'the artifact of 1.4.2 is not here' },
    cost: { to: {} },
    gates: [],
    findings: [],
  }
  const { body } = describePromotion(report)
  for (const said of [
    '3 items need your judgement',
    'Whether callers must change is **unknown**.',
    'How predictions change is **unknown**.',
    '**Not compared**: the artifact of 1.4.2 is not here',
    'Latency was **not measured**.',
    '| artifact | unknown | unknown |',
    '**no gate** judges this promotion',
  ]) {
    assert.ok(body.includes(said), said)
  }
})

test('failures stand in the headline and are counted once', () => {
  const { body } = describePromotion({
    ...canary,
    gates: [
      { gate: 'interface', name: 'interface', result: 'fail', detail: '1 breaking' },
      { name: 'r2 >= 0.4', result: 'fail', detail: '0.2' },
    ],
    interfaceChanges: [{ kind: 'breaking', message: 'input bmi: removed' }],
    objects: { ...canary.objects, otherModels: ['churn'] },
    findings: [],
  })
  assert.match(body, '3 items need your judgement')
  assert.match(body, '> - gate **failed**: r2 >= 0.4 (0.2)')
  assert.match(body, '> - callers **break**: input bmi: removed')
  assert.match(body, '> - **other models** change: churn')
  assert.match(body, 'Callers **must change**: 1 breaking change.')
})

test('a breaking change that somebody agreed to is one item, with the reason', () => {
  const { body } = describePromotion({
    ...canary,
    gates: [{ gate: 'interface', name: 'interface', result: 'fail', detail: '1 breaking', overridden: 'agreed' }],
    interfaceChanges: [{ kind: 'breaking', message: 'input bmi: removed' }],
    findings: [],
  })
  assert.match(body, '1 item needs your judgement')
  assert.match(body, '**Needs attention:** callers **break**: input bmi: removed; **overridden**: agreed')
  assert.match(body, '| **overridden** | interface | 1 breaking (1) |')
})

test('a gate that was checked and cannot tell is not called unchecked', () => {
  const gates = [{ name: 'mae vs champion, 95%', result: 'unknown', detail: 'cannot tell' } as const]
  const { body } = describePromotion({ ...canary, gates, findings: [] })
  assert.match(body, '**Needs attention:** gate **unknown**: mae vs champion, 95% (cannot tell)')
})

/** A step of a candidate of `rollback`'s model. */
function step(more: Partial<CandidateReport>): string {
  const { from, to, ranBefore, ...common } = rollback
  const candidate = { version: '1.5.0', release: '1.5.0-d20a77e1' }
  return describeCandidate({ ...common, stable: to, candidate, mode: 'canary', weight: { from: 10 }, ...more }).body
}

test('what a candidate gets is said as it is split: by weight, by the values of a header or feature, by one value, or copied', () => {
  const weight = { from: 10, to: 20 }
  assert.match(step({ weight }), '- Sends 20 % of requests to 1.5.0 (canary), 10 % before')
  assert.match(step({ weight, mode: 'ab' }), '- Sends 20 % of requests to 1.5.0 (A/B)')
  assert.match(
    step({ weight, mode: 'ab', header: 'x-user' }),
    '- Sends 20 % of the values of header x-user to 1.5.0 (A/B)',
  )
  assert.match(
    step({ weight, mode: 'ab', feature: 'zone' }),
    '- Sends 20 % of the values of feature zone to 1.5.0 (A/B)',
  )
  assert.match(
    step({ weight, mode: 'ab', header: 'x-group', value: 'beta' }),
    '- Sends requests whose header x-group is beta to 1.5.0 (A/B)',
  )
  assert.match(step({ weight, mode: 'shadow' }), '- Copies 20 % of requests to 1.5.0; callers never see its answers')
})

test('the stable version answers nothing again that a shadow never answered', () => {
  assert.match(step({}), '1.4.2 answers everything again.')
  const ended = step({ mode: 'shadow' })
  assert.match(ended, '1.4.2 answers everything, as before.')
  assert.match(ended, '- Copies no more requests to 1.5.0')
  const { from, ...back } = rollback
  const candidate = { version: { version: '1.5.0' }, mode: 'shadow', weight: 10 } as const
  assert.match(describeRollback({ ...back, from: back.to, candidate }).body, '1.4.2 answers everything, as before.')
})

test('an undo that gates judge is not said to need the repository alone', () => {
  assert.match(step({}), '**Undo** (needs only the repository)')
  assert.match(step({ undo: { command: 'modelyard promote x', isJudged: true } }), '**Undo** (gates judge it)')
})

test('a row whose prediction is no number is in the histogram', () => {
  const histogram = [{ label: '0-1 %', rows: 3 }]
  const numbers = { meanAbsoluteChange: Number.NaN, maxAbsoluteChange: 1 }
  const golden = { passed: 1, total: 1 }
  const { body } = describePromotion({
    ...canary,
    predictions: { kind: 'regression', rows: 4, ...numbers, histogram, golden },
  })
  assert.match(body, /0-1 % +#+ +75 %\nno number +#+ +25 %/)
  assert.match(body, 'Mean change not a number')
})

test('a rendered diff that is too long is cut, and says so', () => {
  const lines = Array.from({ length: 9000 }, (_, index) => `+line ${index}`)
  const renderedDiff = ['--- /dev/null', '+++ b/dist/x.yaml', '@@ -0,0 +1,9000 @@', ...lines, ''].join('\n')
  const { body } = describePromotion({ ...canary, renderedDiff })
  assert.ok(body.length <= MAX_BODY && body.length > MAX_BODY - 200, String(body.length))
  assert.match(body, 'Rendered diff: 1 file, 9,000 lines')
  assert.match(body, 'The rest is cut here')
  assert.match(body, '+  weight: 10')
  assert.is(readHiddenBlock(body)?.to, '1.5.0-d20a77e1')
})

test('a report that is too long in everything still fits, with what matters', () => {
  const long = (index: number) => `${index} ${'|'.repeat(400)}`
  const items = Array.from({ length: 400 }, (_, index) => index)
  const { title, body } = describePromotion({
    ...canary,
    model: 'x'.repeat(1000),
    gates: items.map((index) => ({ name: long(index), result: 'fail', detail: long(index), note: long(index) })),
    interfaceChanges: items.map((index) => ({ kind: 'breaking', message: long(index) })),
    settings: items.map((index) => ({ field: long(index), from: long(index), to: long(index + 1) })),
    lineage: Object.fromEntries(items.map((index) => [long(index), long(index)])),
    pinDiff: `--- a/x\n+++ b/x\n@@ -1 +1,400 @@\n${items.map((index) => `+${long(index)}`).join('\n')}`,
    renderedDiff: canary.renderedDiff.repeat(5000),
  })
  assert.ok(title.length <= 256)
  assert.ok(body.length <= MAX_BODY, String(body.length))
  assert.match(body, '801 items need your judgement')
  assert.match(body, 'and 791 more')
  assert.match(body, '**Undo**')
  assert.is(readHiddenBlock(body)?.env, 'production')
})

/** Lines of code blocks, and cells of each table row outside them. */
function shapes(body: string) {
  const code: string[] = []
  const diff: string[] = []
  let isDiff = false
  const rows: string[] = []
  let fence: string | undefined
  for (const line of body.split('\n')) {
    const opening = fence === undefined ? /^(`{3,})(diff)?$/.exec(line)?.[1] : undefined
    if (opening !== undefined) {
      fence = opening
      isDiff = line.endsWith('diff')
    } else if (line === fence) fence = undefined
    else if (fence !== undefined) (isDiff ? diff : code).push(line)
    else if (line.startsWith('|')) rows.push(line)
  }
  return { code, diff, rows, open: fence !== undefined }
}

test('whatever the texts: narrow tables, short code lines, no HTML of theirs, and the true hidden block last', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const report = randomReport(seed)
    const { title, body } = describePromotion(report)
    const { code, rows, open } = shapes(body)
    assert.is(open, false, `seed ${seed}: a code block does not end`)
    for (const line of code) {
      assert.ok(Array.from(line).length <= CODE_WIDTH, `seed ${seed}: ${line}`)
    }
    for (const row of rows) {
      const cells = row.replace(/\\[\\|]/g, '').split('|').length - 2
      assert.ok(cells <= 3, `seed ${seed}: ${row}`)
    }
    const prose = body.replace(/^(`{3,})(diff)?\n[\s\S]*?\n\1$/gm, '').replace(/(?<!\\)(`+)[^\n]*?\1/g, '')
    assert.not.match(prose, /(?<!\\)<(script|\/details><)/, `seed ${seed}`)
    assert.is(prose.split('<details>').length, prose.split('\n</details>').length, `seed ${seed}`)
    assert.ok(body.length <= MAX_BODY && Array.from(title).length <= 256, `seed ${seed}`)
    const { model, to } = report
    const { version, release = version } = to
    assert.equal([readHiddenBlock(body)?.model, readHiddenBlock(body)?.to], [model, release])
    assert.equal(describePromotion(report), { title, body })
    formatForTerminal(body)
  }
})

test.run()
