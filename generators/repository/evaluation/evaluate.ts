import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { tmpdir } from 'node:os'
import type { Readable } from 'node:stream'
import { type DocumentPath, Failure, type Finding } from '../../findings/index.ts'
import { contentDigest } from '../../text/index.ts'
import { type BundledDefinition, bundleDefinitions, type EvaluationPrograms, evaluationPrograms } from './bundle.ts'
import { ANSWERS_DESCRIPTOR, type Answer, END, type EvaluationRequest, type Outcome, readOutcome } from './protocol.ts'

export interface EvaluatedDefinitions {
  /** Default export by file, deeply frozen; a file that could not be evaluated is missing here and has a finding. */
  values: Map<string, unknown>
  /** What is not data in a default export, for a finding with its line. */
  notData: Map<string, { path: DocumentPath; message: string }>
  findings: Finding[]
}

/** Bounds of one evaluation. */
export interface EvaluationLimits {
  /** Milliseconds for one definition. */
  timeout: number
  /** Mebibytes, for all of them. */
  memory: number
}

const LIMITS: EvaluationLimits = { timeout: 5_000, memory: 512 }
/** Milliseconds for the start of the process and for each definition, beyond which it is ended. */
const START = 30_000
const EACH = 100
/** Bytes that the process may answer for one definition, on average, and for few. */
const MAX_ANSWER = 2 ** 20
const MAX_ANSWERS = 64 * 2 ** 20
/** Milliseconds between two looks at its memory. */
const WATCH = 100

/**
 * What each definition came to, by the digest of its code and of the values that it imports. Definitions are functions of nothing
 * else, so that a command that loads a repository several times evaluates once.
 */
const outcomes = new Map<string, Outcome>()
const MAX_OUTCOMES = 20_000

/**
 * Evaluates definition files (paths relative to `root`), in a process without environment and rights, as `evaluation/process.ts` says.
 * @param packagesRoot folder whose node_modules serves imports that `root` cannot resolve (a Git work tree has none)
 * @throws Failure when a definition ends the process, takes too long or too much memory, or the process answers what was not asked
 */
export async function evaluateDefinitions(
  root: string,
  files: readonly string[],
  packagesRoot: string,
  limits: EvaluationLimits = LIMITS,
): Promise<EvaluatedDefinitions> {
  const [programs, bundle] = await Promise.all([evaluationPrograms(), bundleDefinitions(root, files, packagesRoot)])
  const { ordered, cyclic } = importsFirst(bundle.definitions)
  const found = await evaluateAll(programs, ordered, limits)
  const evaluated: EvaluatedDefinitions = {
    values: new Map(),
    notData: new Map(),
    findings: [...bundle.findings, ...cyclic.map(cycleFinding)],
  }
  for (const definition of ordered) {
    const outcome = found.get(definition.file)
    if (outcome) take(definition, outcome, limits, evaluated)
  }
  evaluated.findings = distinct(evaluated.findings)
  return evaluated
}

function take(
  definition: BundledDefinition,
  outcome: Outcome,
  { timeout }: EvaluationLimits,
  { values, notData, findings }: EvaluatedDefinitions,
): void {
  const { file } = definition
  switch (outcome.kind) {
    case 'value':
      values.set(file, outcome.json === undefined ? undefined : deepFreeze(JSON.parse(outcome.json)))
      return
    case 'not-data':
      values.set(file, undefined)
      notData.set(file, { path: outcome.path, message: `${outcome.what} is no data` })
      return
    case 'thrown':
      findings.push(evaluationFinding(definition, outcome))
      return
    case 'import-missing':
      return
    case 'exited':
      throw new Failure(`${file} ends the process that evaluates it`, {
        fix: 'Remove process.exit(): a definition is data.',
      })
    case 'timeout':
      throw new Failure(`${file} was not evaluated within ${timeout / 1000} s`, {
        fix: 'Remove what does not end: a definition is data.',
      })
  }
}

/** Definitions after those that they import; those that import each other have no order. */
function importsFirst(definitions: readonly BundledDefinition[]): {
  ordered: BundledDefinition[]
  cyclic: BundledDefinition[]
} {
  const byFile = new Map(definitions.map((definition) => [definition.file, definition]))
  const ordered = new Set<BundledDefinition>()
  const cyclic = new Set<BundledDefinition>()
  const visit = (definition: BundledDefinition, above: readonly BundledDefinition[]): void => {
    if (ordered.has(definition)) return
    if (above.includes(definition)) {
      cyclic.add(definition)
      return
    }
    for (const file of definition.imports) {
      const imported = byFile.get(file)
      if (imported) visit(imported, [...above, definition])
    }
    ordered.add(definition)
  }
  for (const definition of definitions) visit(definition, [])
  return { ordered: [...ordered], cyclic: [...cyclic] }
}

function cycleFinding({ file }: BundledDefinition): Finding {
  return {
    rule: 'definition-unreadable',
    severity: 'error',
    message: 'imports a definition that imports this one',
    file,
    line: 1,
    fix: 'Remove one of the imports.',
  }
}

/** Outcomes by file: those that are known, and those of one process for the rest. */
async function evaluateAll(
  programs: EvaluationPrograms,
  ordered: readonly BundledDefinition[],
  limits: EvaluationLimits,
): Promise<Map<string, Outcome>> {
  const found = new Map<string, Outcome>()
  const known: Record<string, string> = {}
  const asked: BundledDefinition[] = []
  const keys = new Map<string, string>()
  const start = contentDigest(programs)
  for (const definition of ordered) {
    const { file, code, imports } = definition
    // Of its own code and that of what it imports, which decides what that comes to.
    const key = contentDigest([start, file, code, imports.map((one) => keys.get(one) ?? '')])
    keys.set(file, key)
    const outcome = outcomes.get(key)
    if (!outcome) asked.push(definition)
    else {
      found.set(file, outcome)
      if (outcome.kind === 'value') known[file] = outcome.json ?? ''
    }
  }
  if (asked.length === 0) return found
  const sources = asked.map(({ file, code, imports }) => ({ file, code, imports }))
  const { realm, vocabulary } = programs
  const request = { realm, vocabulary, sources, known, timeout: limits.timeout }
  if (outcomes.size > MAX_OUTCOMES) outcomes.clear()
  for (const [index, outcome] of (await runProcess(programs.process, request, limits)).entries()) {
    const { file = '' } = asked[index] ?? {}
    found.set(file, outcome)
    // Time decides that one: another run may have more of it.
    if (outcome.kind !== 'timeout') outcomes.set(keys.get(file) ?? '', outcome)
  }
  return found
}

/** Runs the program of the evaluation on one request. @throws Failure unless it answers each definition once, in order, and ends */
export function runProcess(
  program: string,
  request: EvaluationRequest,
  { memory }: EvaluationLimits,
): Promise<Outcome[]> {
  const child = spawn(process.execPath, [...processFlags(memory), '-e', program], {
    cwd: tmpdir(),
    env: process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {},
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    windowsHide: true,
  })
  const { sources } = request
  const lines = { text: '', size: 0 }
  let problem: string | undefined
  let complaint = ''
  const end = (why: string) => {
    problem ??= why
    child.kill('SIGKILL')
  }
  const answers = child.stdio[ANSWERS_DESCRIPTOR] as Readable
  answers.setEncoding('utf8').on('data', (text: string) => {
    lines.size += text.length
    if (lines.size > Math.max(MAX_ANSWERS, sources.length * MAX_ANSWER)) end('answered too much')
    else lines.text += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < 10_000) complaint += text
  })
  // It may end before it has read everything.
  child.stdin?.on('error', () => {})
  child.stdin?.end(JSON.stringify(request))
  const timer = setTimeout(() => end('took too long'), START + sources.length * EACH)
  const watch = setInterval(() => {
    if (residentMebibytes(child.pid) > memory * 2) end(`needed more than ${memory * 2} MiB of memory`)
  }, WATCH)
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new Failure(`definitions could not be evaluated: ${cause.message}`, { cause }))
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      clearInterval(watch)
      const { outcomes, isComplete, isSound } = readAnswers(lines.text, sources.length)
      if (problem === undefined && code === 0 && isComplete && isSound) {
        resolve(outcomes)
        return
      }
      const isMemory = /heap out of memory/.test(complaint)
      const why = isMemory
        ? `needed more than ${memory} MiB of memory`
        : (problem ??
          (isSound ? `ended early (${signal ?? `exit code ${code}`})` : 'gave answers that were not asked for'))
      const at = sources[outcomes.length]?.file
      reject(
        new Failure(`the process that evaluates definitions ${why}${at === undefined ? '' : `, at ${at}`}`, {
          fix: 'A definition is data: remove what does more than describe a model or an environment.',
        }),
      )
    })
  })
}

/**
 * No files, no other processes, no code from text; the network too from Node 25 on. What a realm gives away is nothing already: this is
 * for what gets out of one.
 */
function processFlags(memory: number): string[] {
  const permission = ['--permission', '--experimental-permission'].find((flag) =>
    process.allowedNodeEnvironmentFlags.has(flag),
  )
  return [
    ...(permission === undefined ? [] : [permission]),
    '--no-warnings',
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${memory}`,
  ]
}

/** Of memory outside of V8's heap, which no flag bounds; 0 where the system does not tell. */
function residentMebibytes(pid: number | undefined): number {
  if (process.platform !== 'linux' || pid === undefined) return 0
  try {
    const [, kibibytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kibibytes) / 1024
  } catch {
    return 0
  }
}

function readAnswers(text: string, expected: number): { outcomes: Outcome[]; isComplete: boolean; isSound: boolean } {
  const lines = text.split('\n')
  const rest = lines.pop()
  const outcomes: Outcome[] = []
  for (const [position, line] of lines.entries()) {
    if (line === END) {
      const isLast = position === lines.length - 1 && rest === ''
      return { outcomes, isComplete: outcomes.length === expected, isSound: isLast && outcomes.length === expected }
    }
    const answer = parseAnswer(line)
    if (answer?.index !== position || position >= expected) return { outcomes, isComplete: false, isSound: false }
    outcomes.push(answer.outcome)
  }
  return { outcomes, isComplete: false, isSound: true }
}

function parseAnswer(line: string): Answer | undefined {
  try {
    const { index, outcome } = JSON.parse(line) as { index: unknown; outcome: unknown }
    const read = readOutcome(outcome, 'process')
    return typeof index === 'number' && read ? { index, outcome: read } : undefined
  } catch {
    return undefined
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) deepFreeze(item)
  return Object.freeze(value)
}

/** A module that several definitions import is reported once. */
function distinct(findings: Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()]
}

/** The innermost stack frame inside the repository says where a definition failed. */
function evaluationFinding(
  { file, map }: BundledDefinition,
  { message, stack }: Extract<Outcome, { kind: 'thrown' }>,
): Finding {
  const place = firstPlace(map, stack)
  return {
    rule: 'definition-unreadable',
    severity: 'error',
    message: `fails when it is evaluated: ${message}`,
    file,
    ...place,
    fix: 'Correct the code that runs when the file is imported.',
  }
}

function firstPlace(map: string, stack: string): Pick<Finding, 'file' | 'line' | 'column'> {
  const sources = new SourceMap(JSON.parse(map) as SourceMapPayload)
  for (const [, line, column] of stack.matchAll(/\bdefinition:\d+:(\d+):(\d+)/g)) {
    const entry = sources.findEntry(Number(line) - 1, Number(column) - 1)
    if (!('originalSource' in entry)) continue
    const { originalSource, originalLine, originalColumn } = entry
    const isInside = !/^(\.\.|\w+:)|(^|\/)node_modules\//.test(originalSource)
    if (isInside) return { file: originalSource, line: originalLine + 1, column: originalColumn + 1 }
  }
  return {}
}
