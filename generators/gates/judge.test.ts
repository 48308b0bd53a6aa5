import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DefinedEnvironment, VersionFile } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import type { PromotionChange } from '../pins/pin-change.ts'
import { planPromotion } from '../pins/promotion.ts'
import { hostPods, loadRepository, type Repository, resolvePlan } from '../repository/index.ts'
import { type ExampleRepository, withExample } from '../testing/example-repository.ts'
import type { Evidence } from './evidence.ts'
import { type Case, type Judgement, judge } from './judge.ts'
import { type Replay, replay, type UnknownGolden } from './replay.ts'

const test = suite('judging a promotion')

const MODEL = 'diabetes-progression'
const MODEL_TS = `models/${MODEL}/model.ts`
const PRODUCTION = 'environments/production/environment.ts'
const GATES = "promotion: [metric('mae').noWorseThanChampion({ tolerance: '2%' })]"
const NOW = new Date('2026-11-21T12:00:00Z')

interface Asked extends Partial<Pick<Case, 'moment' | 'overrides'>> {
  prepare?: (example: ExampleRepository) => void
  /** What the candidate's version says instead. */
  candidate?: (facts: VersionFile) => VersionFile
  evidence?: Partial<Evidence>
  /** A repository that was prepared before. */
  loaded?: Prepared
  /** With both versions run on the evaluation rows. */
  replayed?: boolean
  /** Beside the champion, in its pods. */
  isCandidate?: boolean
}

function production(repository: Repository): DefinedEnvironment {
  const environment = repository.environments.get('production')
  if (!environment) throw new Error('no production')
  return environment.definition.value
}

interface Prepared {
  repository: Repository
  change: PromotionChange
  evaluated: Replay | undefined
}

async function load(prepare: Asked['prepare'] = () => {}, replayed = false): Promise<Prepared> {
  let loaded: Prepared | undefined
  await withExample(async (example) => {
    prepare(example)
    const repository = await loadRepository(example.root)
    assert.equal(repository.findings, [])
    const change = planPromotion(repository, resolvePlan(repository), {
      model: MODEL,
      from: 'staging',
      to: 'production',
    })
    if (!change) throw new Error('nothing to promote')
    const reading = repository.models.get(MODEL)?.definition?.value.evaluation
    const both = [change.from?.facts, change.promoted.facts] as const
    loaded = { repository, change, evaluated: replayed ? await replay(repository, ...both, reading) : undefined }
  })
  if (!loaded) throw new Error('not loaded')
  return loaded
}

let example: Promise<Prepared> | undefined

/** The example as it is, read and run once. */
function asItIs(): Promise<Prepared> {
  example ??= load(undefined, true)
  return example
}

/** Judges 1.1.0 on its way from staging to production, where 1.0.0 runs. */
async function judged(asked: Asked = {}): Promise<Judgement> {
  const { prepare, candidate = (facts) => facts, evidence, replayed = false, moment = 'open', overrides } = asked
  const beside = asked.isCandidate ? (asked.loaded ?? (await asItIs())).change.from : undefined
  const loaded = asked.loaded ?? (await (prepare ? load(prepare) : asItIs()))
  const { change } = loaded
  // Both versions are the same whatever the gates say.
  const evaluated = replayed ? (await asItIs()).evaluated : undefined
  return judge(loaded.repository, {
    model: MODEL,
    environment: 'production',
    candidate: { ...change.promoted, facts: candidate(change.promoted.facts) },
    ...(change.from && { champion: change.from }),
    pods: hostPods(production(loaded.repository), change.promoted, beside),
    evidence: { now: NOW, ...(evaluated && { replay: evaluated }), ...evidence },
    moment,
    ...(overrides && { overrides }),
  })
}

const rows = ({ gates }: Judgement) => gates.map(({ name, result, detail }) => [result, name, detail])
const row = ({ gates }: Judgement, gate: string) => gates.find((result) => result.gate === gate)
const messages = ({ findings }: Judgement) => findings.map(({ message }) => message)

const withGates = (gates: string) => (example: ExampleRepository) => {
  example.edit(MODEL_TS, GATES, `promotion: [${gates}]`)
  example.edit(MODEL_TS, 'metric,', 'advisory, evaluation, latency, memory, metric,')
}
const inProduction = (gates: string) => (example: ExampleRepository) => {
  example.edit(PRODUCTION, 'gates: { approvals: 2 }', `gates: { ${gates} }`)
  example.edit(PRODUCTION, 'defineEnvironment, ', 'defineEnvironment, freeze, ')
}
const worse = (facts: VersionFile): VersionFile => ({
  ...facts,
  evaluation: { ...facts.evaluation, metrics: { ...facts.evaluation.metrics, mae: 50 } },
})

test('a good version passes; what could not be checked is told, and reviews are still to come', async () => {
  const judgement = await judged()
  assert.equal(rows(judgement), [
    ['pass', 'mae vs champion', '-3.5 % better'],
    ['pass', 'interface', 'compatible'],
    ['pending', 'golden samples', 'not run'],
    ['pending', 'fits 256Mi', 'not measured'],
    ['pass', 'lineage', 'given'],
    ['pending', 'approvals', '0 of 2'],
  ])
  assert.equal(judgement.findings, [])
})

test('a worse model is refused at the line of its gate', async () => {
  let line = 0
  const judgement = await judged({
    candidate: worse,
    prepare: ({ lineOf }) => {
      line = lineOf(MODEL_TS, 'promotion:')
    },
  })
  assert.equal(rows(judgement)[0], ['fail', 'mae vs champion', '+16.49 % worse (allowed 2%)'])
  const [finding] = judgement.findings
  assert.equal([finding?.rule, finding?.file, finding?.line], ['gate-failed', MODEL_TS, line])
  assert.equal(messages(judgement), ['promotion gate mae vs champion: +16.49 % worse (allowed 2%); registered figures'])
})

test('a better figure that the rows do not bear out is refused: metrics are measured again', async () => {
  const lie = (facts: VersionFile): VersionFile => ({
    ...facts,
    evaluation: { ...facts.evaluation, metrics: { mae: 12, r2: 0.50856 } },
  })
  const judgement = await judged({ candidate: lie, replayed: true })
  assert.equal(messages(judgement), [
    'promotion gate metrics measured again: 1 of 2 differ; replayed: mae 41.43, registered 12',
  ])
  assert.equal(row(await judged({ replayed: true }), 'measured-again')?.detail, '3 agree')
})

test('the paired interval decides where it is asked to: all of it within the tolerance, all beyond, or it cannot tell', async () => {
  const at = async (tolerance: string) => {
    const prepare = withGates(`metric('mae').noWorseThanChampion({ tolerance: '${tolerance}', confidence: '95%' })`)
    const found = row(await judged({ prepare, replayed: true }), 'mae-vs-champion')
    return [found?.result, found?.detail]
  }
  assert.equal(await at('2%'), ['pass', 'not worse'])
  assert.equal(await at('1%'), ['unknown', 'cannot tell'])
  const prepare = withGates("metric('r2', { better: 'lower' }).noWorseThanChampion({ confidence: '50%' })")
  const judgement = await judged({ prepare, replayed: true })
  assert.match(
    row(judgement, 'r2-vs-champion')?.note ?? '',
    /^replayed: r2 \+0\.02826, 50 % paired: \+0\.\d+ \.\.\. \+0\.\d+ \(111 rows\)/,
  )
  assert.is(row(judgement, 'r2-vs-champion')?.result, 'fail')
})

test('memory is judged against the limit in effect, and the stable version counts where it shares the pod', async () => {
  const mebibytes = (process: number, model: number) => ({ process: process * 2 ** 20, model: model * 2 ** 20 })
  const memory = { candidate: mebibytes(100, 60), champion: mebibytes(100, 80) }
  const fits = async (loaded: Prepared, isCandidate = false) => {
    const found = row(await judged({ loaded, isCandidate, evidence: { memory } }), 'memory-limit')
    return [found?.result, found?.name, found?.detail]
  }
  assert.equal(await fits(await asItIs()), ['pass', 'fits 256Mi', '160 Mi'])
  const loaded = await load(({ edit }) => {
    edit(
      PRODUCTION,
      'overrides: [',
      "overrides: [override(diabetes, { resources: { cpu: '100m', memory: '150Mi' } }), ",
    )
    edit(PRODUCTION, 'import {', "import diabetes from '../../models/diabetes-progression/model.ts'\nimport {")
  })
  assert.equal(await fits(loaded), ['fail', 'fits 150Mi', '160 Mi'])
  // A canary asks for its own share of the same pod.
  assert.equal(await fits(loaded, true), ['pass', 'fits 406Mi', '240 Mi'])
})

test('golden samples that exist and were not run block; without any, or before anything has run, nothing does', async () => {
  const { evaluated } = await asItIs()
  if (!evaluated) throw new Error('not replayed')
  const golden = async (replay: Partial<Replay> | undefined, moment: Case['moment'] = 'open') => {
    const judgement = await judged({ moment, evidence: replay ? { replay: { ...evaluated, ...replay } } : {} })
    const found = row(judgement, 'golden-samples')
    return [found?.result, judgement.findings.some(({ message }) => message.includes('golden samples'))]
  }
  const unknown = (cause: UnknownGolden['cause']) => ({ golden: { unknown: 'why', cause } })
  assert.equal(await golden(unknown('files-missing')), ['unknown', true])
  assert.equal(await golden(unknown('not-runnable')), ['unknown', true])
  assert.equal(await golden(unknown('none-registered')), ['unknown', false])
  assert.equal(await golden(undefined), ['pending', false])
  assert.equal(await golden(undefined, 'merge'), ['unknown', true])
})

test('files that no place has are refused by name, and memory that was not measured is told', async () => {
  const { evaluated } = await asItIs()
  const missing = [{ name: 'model', sha256: 'a'.repeat(64) }]
  const judgement = await judged({ ...(evaluated && { evidence: { replay: { ...evaluated, missing } } }) })
  assert.equal(messages(judgement), ['promotion gate files: 1 of 3 missing; model (sha256 aaaaaaaaaaaa)'])
  const unsure = [{ name: 'model', sha256: 'a'.repeat(64), reason: 'it answered 503', mayExist: true as const }]
  const unknown = await judged({ ...(evaluated && { evidence: { replay: { ...evaluated, missing: unsure } } }) })
  assert.equal(messages(unknown), [
    'promotion gate files: could not be judged (1 of 3 not fetched; model (sha256 aaaaaaaaaaaa): it answered 503)',
  ])
  const { result, detail, advisory } = row(judgement, 'memory-limit') ?? {}
  assert.equal([result, detail, advisory], ['unknown', 'not measured', true])
})

test('a stale metric is refused', async () => {
  const loaded = await load(withGates("evaluation.noOlderThan('12h')"))
  assert.equal(messages(await judged({ loaded })), [])
  const late = await judged({ loaded, evidence: { now: new Date('2026-12-01') } })
  assert.equal(messages(late), ['promotion gate metrics not older than 12h: 10 d'])
})

test('a breaking interface is refused with each change by name', async () => {
  const narrower = (facts: VersionFile): VersionFile => {
    const copy = structuredClone(facts)
    const [input] = copy.interface.inputs
    const column = input?.columns?.find(({ name }) => name === 'bmi')
    if (column) column.max = 60
    return copy
  }
  const judgement = await judged({ candidate: narrower })
  assert.equal(messages(judgement), ['promotion gate interface: 1 breaking; feature bmi: range 10..80 -> 10..60'])
})

test('a missing lineage is refused: none at all, or a field that the environment asks for', async () => {
  const none = await judged({ candidate: (facts) => ({ ...facts, lineage: {} }) })
  assert.equal(messages(none), ['promotion gate lineage: none'])
  const prepare = inProduction("lineage: ['run', 'code.commit', 'dataset.sha256']")
  const judgement = await judged({ prepare })
  assert.equal(messages(judgement), ['promotion gate lineage: no code.commit'])
  assert.is(judgement.findings[0]?.file, PRODUCTION)
})

test('a short soak is refused, and one that nobody can see is no pass', async () => {
  const loaded = await load(inProduction("soak: '24h'"))
  const soaked = async (evidence: Partial<Evidence>) => messages(await judged({ loaded, evidence }))
  const hours = (count: number) => ({ soak: { value: count * 3_600_000 } })
  assert.equal(await soaked(hours(24)), [])
  assert.equal(await soaked(hours(9.9)), ['promotion gate soak >= 24h, loaded: 9 h'])
  assert.equal(await soaked({ soak: { unknown: 'Prometheus timed out' } }), [
    'promotion gate soak >= 24h, loaded: could not be judged (not checked; Prometheus timed out)',
  ])
  assert.match((await soaked({}))[0] ?? '', /no Prometheus address is known/)
})

test('live figures decide when there are enough of them', async () => {
  const loaded = await load(inProduction("live: { errorRate: '1%', latencyP99: '50ms' }"))
  const live = async (value: { requests: number; errorRate: number; p99Ms: number }) =>
    rows(await judged({ loaded, evidence: { live: { value } } })).filter(([, name]) => name?.startsWith('live'))
  assert.equal(await live({ requests: 1000, errorRate: 0.01, p99Ms: 50.2 }), [
    ['pass', 'live error rate <= 1%', '1 %'],
    ['fail', 'live p99 <= 50ms', '50.2 ms'],
  ])
  assert.equal((await live({ requests: 99, errorRate: 0, p99Ms: 1 }))[0], [
    'unknown',
    'live error rate <= 1%',
    'cannot tell',
  ])
})

test('a freeze blocks the merge and not the opening, by the clocks of its place', async () => {
  const loaded = await load(
    inProduction("freeze: [freeze('Sat 00:00', 'Sat 13:00', { timeZone: 'Europe/Berlin', reason: 'sale' })]"),
  )
  const at = async (time: string, moment: 'open' | 'merge') => {
    const found = row(await judged({ loaded, moment, evidence: { now: new Date(time) } }), 'freeze')
    return [found?.result, found?.detail]
  }
  // Berlin is an hour ahead of UTC in winter and two in summer.
  assert.equal(await at('2026-11-21T11:59:00Z', 'open'), ['pending', 'frozen until Sat 13:00'])
  assert.equal(await at('2026-11-21T11:59:00Z', 'merge'), ['fail', 'frozen until Sat 13:00'])
  assert.equal(await at('2026-11-21T12:00:00Z', 'merge'), ['pass', 'none now'])
  assert.equal(await at('2026-07-11T11:00:00Z', 'merge'), ['pass', 'none now'])
})

test('approvals are counted at the merge', async () => {
  const at = async (evidence: Partial<Evidence>) =>
    row(await judged({ moment: 'merge', evidence }), 'approvals')?.result
  assert.equal(
    [await at({ approvals: { value: 2 } }), await at({ approvals: { value: 1 } }), await at({})],
    ['pass', 'fail', 'unknown'],
  )
})

test('an override lets a gate pass, with its reason; an advisory gate never blocks', async () => {
  const overrides = [{ gate: 'mae-vs-champion', reason: 'the old one leaks the target (#481)' }]
  const judgement = await judged({ candidate: worse, overrides })
  assert.equal([judgement.findings, judgement.overrides], [[], overrides])
  assert.is(row(judgement, 'mae-vs-champion')?.overridden, 'the old one leaks the target (#481)')
  // One that passes anyway leaves no trace.
  assert.equal((await judged({ overrides })).overrides, [])
  const advice = await judged({ candidate: worse, prepare: withGates("advisory(metric('mae').noWorseThanChampion())") })
  assert.equal([row(advice, 'mae-vs-champion')?.result, advice.findings], ['fail', []])
})

test('an override of nothing, without a reason, or of what nobody may decide alone is refused', async () => {
  const refused = async (gate: string, reason = 'because') => {
    const error = await judged({ overrides: [{ gate, reason }] }).catch((thrown: unknown) => thrown)
    assert.instance(error, Failure)
    return (error as Failure).message
  }
  assert.is(await refused('soak'), 'there is no gate "soak" to override')
  assert.is(await refused('lineage', ' '), 'the override of lineage has no reason')
  assert.is(await refused('golden-samples'), 'golden-samples cannot be overridden')
  assert.is(await refused('approvals'), 'approvals cannot be overridden')
})

test.run()
