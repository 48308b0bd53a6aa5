import type { DefinedEnvironment, DefinedModel, VersionFile } from '../definitions/index.ts'
import { type DocumentPath, Failure, type Finding } from '../findings/index.ts'
import {
  type HostPods,
  interfaceChanges,
  type Loaded,
  type PlannedVersion,
  type Repository,
} from '../repository/index.ts'
import { bundleFiles, type MissingFile } from './bundle-files.ts'
import { formatMebibytes } from './cost-gates.ts'
import { evaluateEnvironment, type Moment } from './environment-gates.ts'
import type { Evidence } from './evidence.ts'
import { type Contest, evaluateGate, type GateResult, gateId, type Verdict } from './gates.ts'
import { memoryNeed } from './memory.ts'
import { measuredAgain } from './metric-reproduction.ts'
import { scoreRows } from './row-metrics.ts'

/** Who says that a gate does not block, and why. */
export interface GateOverride {
  gate: string
  reason: string
}

export interface Judgement {
  gates: GateResult[]
  /** One for each gate that blocks, at its line. */
  findings: Finding[]
  overrides: GateOverride[]
}

export interface Case {
  model: string
  environment: string
  candidate: PlannedVersion
  /** What runs in the target environment; absent when nothing does. */
  champion?: PlannedVersion
  /** Where the candidate will be loaded. */
  pods: HostPods
  evidence: Evidence
  moment: Moment
  overrides?: readonly GateOverride[]
}

/** Nobody decides these by a sentence: pods would not start or answer wrongly whoever says so, and reviews are for reviewers. */
const FIRM = ['golden-samples', 'files', 'approvals']

/**
 * Every gate of a model's move into an environment.
 * @param gatesOf where gates are read: load the base branch, so that no pull request judges itself
 * @throws Failure when an override names no gate, or one that cannot be overridden
 */
export function judge(gatesOf: Repository, subject: Case): Judgement {
  const { model, environment, candidate, champion, evidence, moment, overrides = [] } = subject
  const definition = gatesOf.models.get(model)?.definition
  const target = gatesOf.environments.get(environment)?.definition
  const { compared } = evidence.replay ?? {}
  const rows = compared && 'rows' in compared && compared.from === 'evaluation' ? compared.rows : []
  const scored =
    rows.length > 0
      ? scoreRows(
          rows,
          { candidate: candidate.facts.interface, ...(champion && { champion: champion.facts.interface }) },
          definition?.value.evaluation,
        )
      : { unknown: whyNoRows(evidence) }
  const contest: Contest = {
    candidate: candidate.facts,
    ...(champion && { champion: champion.facts }),
    evidence,
    scored,
    rows,
  }
  const judged: { result: GateResult; at?: Place; isContest?: boolean }[] = [
    ...(definition?.value.gates?.promotion ?? []).map((gate, index) => ({
      result: { gate: gateId(gate), ...evaluateGate(gate, contest), ...(gate.advisory && { advisory: true as const }) },
      at: { definition, path: ['gates', 'promotion', index] },
      isContest: gate.kind === 'champion' || ('tolerance' in gate && gate.tolerance !== undefined),
    })),
    ...builtIn(subject, contest).map((result) => ({ result })),
    ...evaluateEnvironment(target?.value.gates, candidate.facts, evidence, moment).map(({ setting, result }) => ({
      result,
      at: { definition: target, path: ['gates', setting] },
    })),
  ]
  const used = requireOverridable(
    judged.map(({ result }) => result),
    overrides,
  )
  const gates = judged.map(({ result }) => withOverride(result, used))
  const findings = gates.flatMap((result, index) =>
    isBlocking(result)
      ? [finding(result, { ...subject, source: target?.value.promotesFrom?.name }, judged[index] ?? {})]
      : [],
  )
  return {
    gates,
    findings,
    overrides: used.filter(({ gate }) =>
      gates.some((result) => result.gate === gate && result.overridden !== undefined),
    ),
  }
}

export function isBlocking({ result, advisory, overridden }: GateResult): boolean {
  return (result === 'fail' || result === 'unknown') && !advisory && overridden === undefined
}

/** What every promotion is judged by, asked for or not. */
function builtIn({ champion, candidate, evidence, pods, moment }: Case, contest: Contest): GateResult[] {
  return [
    ...(champion ? [{ gate: 'interface', ...interfaceVerdict(champion.facts, candidate.facts) }] : []),
    ...(evidence.replay?.missing
      ? [{ gate: 'files', ...missingVerdict(evidence.replay.missing, candidate.facts) }]
      : []),
    goldenResult(evidence, moment),
    ...measuredAgain(contest).map((verdict) => ({ gate: 'measured-again', ...verdict })),
    memoryResult(evidence, pods, moment),
  ]
}

/** What no place has, no pod can load. */
function missingVerdict(missing: readonly MissingFile[], candidate: VersionFile): Verdict {
  const files = missing.map(({ name, sha256, reason }) => {
    return `${name} (sha256 ${sha256.slice(0, 12)})${reason === undefined ? '' : `: ${reason}`}`
  })
  const total = bundleFiles(candidate).length
  const note = files.join('; ')
  // One that a store may have is not said to be missing.
  if (missing.some(({ mayExist }) => mayExist)) {
    return { name: 'files', result: 'unknown', detail: `${missing.length} of ${total} not fetched`, note }
  }
  return { name: 'files', result: 'fail', detail: `${missing.length} of ${total} missing`, note }
}

function interfaceVerdict(champion: VersionFile, candidate: VersionFile): Verdict {
  const name = 'interface'
  const breaking = interfaceChanges(champion.interface, candidate.interface).filter(({ kind }) => kind === 'breaking')
  if (breaking.length === 0) return { name, result: 'pass', detail: 'compatible' }
  const note = breaking.map(({ message }) => message).join('; ')
  return { name, result: 'fail', detail: `${breaking.length} breaking`, note }
}

/** Samples that exist and were not run block the merge: nobody may decide that they would have passed. */
function goldenResult({ replay }: Evidence, moment: Moment): GateResult {
  const base = { gate: 'golden-samples', name: 'golden samples' }
  if (!replay) {
    const result = moment === 'open' ? 'pending' : 'unknown'
    return { ...base, result, detail: 'not run', note: 'artifacts were left out', cause: 'not-run' }
  }
  const { golden } = replay
  if ('unknown' in golden) {
    const { unknown: note, cause } = golden
    const verdict = { ...base, result: 'unknown' as const, detail: 'not run', note, cause }
    return cause === 'none-registered' ? { ...verdict, advisory: true } : verdict
  }
  if ('broken' in golden) return { ...base, result: 'fail', detail: 'not run', note: golden.broken }
  const { passed, total } = golden
  return { ...base, result: passed === total ? 'pass' : 'fail', detail: `${passed} of ${total}` }
}

/** Without a figure nothing is refused: the limit was set by somebody who knew one. */
function memoryResult({ replay, memory }: Evidence, pods: HostPods, moment: Moment): GateResult {
  const base = { gate: 'memory-limit', name: `fits ${pods.memory}`, detail: 'not measured' }
  const need = memory && memoryNeed(memory, pods)
  if (need) return { ...base, result: need.fits ? 'pass' : 'fail', detail: formatMebibytes(need.bytes) }
  if (!replay && moment === 'open') return { ...base, result: 'pending', cause: 'not-run' }
  const note = memory ? 'the stable version was not' : undefined
  return { ...base, result: 'unknown', ...(note !== undefined && { note }), advisory: true }
}

function whyNoRows({ replay }: Evidence): string {
  if (!replay) return 'artifacts were left out'
  const { compared } = replay
  if ('unknown' in compared) return compared.unknown
  return compared.note ?? 'no rows'
}

function requireOverridable(gates: readonly GateResult[], overrides: readonly GateOverride[]): readonly GateOverride[] {
  for (const { gate, reason } of overrides) {
    const known = gates.map((result) => result.gate).filter((name) => !FIRM.includes(name))
    if (FIRM.includes(gate)) {
      throw new Failure(`${gate} cannot be overridden`, {
        fix: 'Register a version that passes, or ask for the reviews.',
      })
    }
    if (!known.includes(gate))
      throw new Failure(`there is no gate "${gate}" to override`, {
        fix: `Gates here: ${[...new Set(known)].join(', ')}.`,
      })
    if (reason.trim() === '')
      throw new Failure(`the override of ${gate} has no reason`, {
        fix: 'Add --reason "...": it stands in the pull request and in the commit.',
      })
  }
  return overrides
}

function withOverride(result: GateResult, overrides: readonly GateOverride[]): GateResult {
  const found = overrides.find(({ gate }) => gate === result.gate)
  return found && isBlocking(result) ? { ...result, overridden: found.reason } : result
}

interface Place {
  definition: Loaded<DefinedModel> | Loaded<DefinedEnvironment> | undefined
  path: DocumentPath
}

function finding(
  { gate, name, result, detail, note }: GateResult,
  { model, environment, source }: Case & { source: string | undefined },
  { at, isContest }: { at?: Place; isContest?: boolean },
): Finding {
  const line = at?.definition?.lineOf(at.path)
  const said = note === undefined ? detail : `${detail}; ${note}`
  return {
    rule: 'gate-failed',
    severity: 'error',
    message: `promotion gate ${name}: ${result === 'fail' ? said : `could not be judged (${said})`}`,
    ...(at?.definition && { file: at.definition.file }),
    ...(line !== undefined && { line }),
    fix:
      gate === 'files'
        ? missingFix(environment, source)
        : (FIXES[gate] ?? (isContest ? WORSE : defaultFix(model, environment, gate))),
  }
}

const WORSE = 'Train a version that is not worse than the one that runs there.'
const FIXES: Record<string, string> = {
  interface:
    'Keep the interface, or agree with those who call it and override the gate: --override interface --reason "..."',
  'golden-samples':
    'Compare onnxruntime-node here with runtime.onnxruntime of the version; register a version exported for this runtime.',
  'measured-again': 'Measure the metrics on the rows that the version names, with the model that it names.',
  'memory-limit': 'Raise serving.resources.memory of model.ts, or register a smaller model.',
  'evaluation-age': 'Measure the version again and register it with the new date.',
  'evaluation-data': 'Measure both versions on the same rows.',
  lineage: 'Register a version with its lineage: docs/registering.md.',
  soak: 'Wait until it has run long enough in the environment before; prometheus in its environment.ts shows how long that is.',
  freeze: 'Wait for the end of the freeze, or override it: --override freeze --reason "..."',
  approvals: 'Ask for reviews.',
  'live-error-rate': 'Investigate the error rate in the previous environment.',
  'live-p99': 'Find out why it is slow in the environment before.',
}

/** The pin of the target names the version only once the promotion is on a branch; that of its source does already. */
function missingFix(environment: string, source: string | undefined): string {
  const pins = source === undefined ? '' : ` --pins ${source}`
  return `Upload them to the store of ${environment}: modelyard artifact push ${environment}${pins}. No pod could start without them.`
}

function defaultFix(model: string, environment: string, gate: string): string {
  return `Train a better version, change the gate in a pull request of its own, or override it for ${model} in ${environment}: --override ${gate} --reason "..."`
}
