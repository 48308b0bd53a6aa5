import type { DefinedEnvironment, DefinedModel, VersionFile } from '../definitions/index.ts'
import { type DocumentPath, Failure, type Finding } from '../findings/index.ts'
import {
  type HostPods,
  interfaceChanges,
  type Loaded,
  type PlannedVersion,
  type Repository,
} from '../repository/index.ts'
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

/** Nobody decides these by a sentence: the first is wrong whoever says so, the second is what reviewers are for. */
const FIRM = ['golden-samples', 'approvals']

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
      ? scoreRows(rows, candidate.facts.interface, definition?.value.evaluation)
      : { unknown: whyNoRows(evidence) }
  const contest: Contest = {
    candidate: candidate.facts,
    ...(champion && { champion: champion.facts }),
    evidence,
    scored,
    rows,
  }
  const judged: { result: GateResult; at?: Place }[] = [
    ...(definition?.value.gates?.promotion ?? []).map((gate, index) => ({
      result: { gate: gateId(gate), ...evaluateGate(gate, contest), ...(gate.advisory && { advisory: true as const }) },
      at: { definition, path: ['gates', 'promotion', index] },
    })),
    ...builtIn(subject, contest).map((result) => ({ result })),
    ...evaluateEnvironment(target?.value.gates, candidate.facts, evidence, moment).map((result) => ({
      result,
      at: { definition: target, path: ['gates', result.gate.startsWith('live-') ? 'live' : result.gate] },
    })),
  ]
  const used = requireOverridable(
    judged.map(({ result }) => result),
    overrides,
  )
  const gates = judged.map(({ result }) => withOverride(result, used))
  const findings = gates.flatMap((result, index) =>
    isBlocking(result) ? [finding(result, subject, judged[index]?.at)] : [],
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

/** What every promotion is judged by, asked for or not. That one could not be checked here is told, and does not block. */
function builtIn({ champion, candidate, evidence, pods }: Case, contest: Contest): GateResult[] {
  const told = (gate: string, verdict: Verdict): GateResult => ({
    gate,
    ...verdict,
    ...(verdict.result === 'unknown' && { advisory: true as const }),
  })
  return [
    ...(champion ? [told('interface', interfaceVerdict(champion.facts, candidate.facts))] : []),
    told('golden-samples', goldenVerdict(evidence)),
    ...measuredAgain(contest).map((verdict) => told('measured-again', verdict)),
    ...(evidence.memory ? [told('memory-limit', memoryVerdict(evidence.memory, pods))] : []),
  ]
}

function interfaceVerdict(champion: VersionFile, candidate: VersionFile): Verdict {
  const name = 'interface'
  const breaking = interfaceChanges(champion.interface, candidate.interface).filter(({ kind }) => kind === 'breaking')
  if (breaking.length === 0) return { name, result: 'pass', detail: 'compatible' }
  const note = breaking.map(({ message }) => message).join('; ')
  return { name, result: 'fail', detail: `${breaking.length} breaking`, note }
}

function goldenVerdict({ replay }: Evidence): Verdict {
  const name = 'golden samples'
  const golden = replay?.golden ?? { unknown: 'artifacts were left out' }
  if ('unknown' in golden) return { name, result: 'unknown', detail: 'not run', note: golden.unknown }
  if ('broken' in golden) return { name, result: 'fail', detail: 'not run', note: golden.broken }
  const { passed, total } = golden
  return { name, result: passed === total ? 'pass' : 'fail', detail: `${passed} of ${total}` }
}

function memoryVerdict(memory: NonNullable<Evidence['memory']>, pods: HostPods): Verdict {
  const name = `fits ${pods.memory}`
  const need = memoryNeed(memory, pods)
  if (need === undefined) return { name, result: 'unknown', detail: 'not measured', note: 'the stable version was not' }
  return { name, result: need.fits ? 'pass' : 'fail', detail: formatMebibytes(need.bytes) }
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
  { model, environment }: Case,
  at: Place | undefined,
): Finding {
  const line = at?.definition?.lineOf(at.path)
  const said = note === undefined ? detail : `${detail}; ${note}`
  return {
    rule: 'gate-failed',
    severity: 'error',
    message: `promotion gate ${name}: ${result === 'fail' ? said : `could not be judged (${said})`}`,
    ...(at?.definition && { file: at.definition.file }),
    ...(line !== undefined && { line }),
    fix: FIXES[gate] ?? (gate.endsWith('-vs-champion') ? WORSE : defaultFix(model, environment, gate)),
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

function defaultFix(model: string, environment: string, gate: string): string {
  return `Train a better version, change the gate in a pull request of its own, or override it for ${model} in ${environment}: --override ${gate} --reason "..."`
}
