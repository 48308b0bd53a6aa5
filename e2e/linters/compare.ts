// compare.ts KUBE_SCORE POD_SECURITY: the verdicts of two programs that are not ours on the fixtures of every rule and on dist/,
// against those of `modelyard validate`, through the tables of generators/validation/policy/linter-equivalents.ts. One line a comparison
// that fails, then `N passed, N failed`.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KUBE_SCORE, POD_SECURITY } from '../../generators/validation/policy/linter-equivalents.ts'
import { allCases, asEveryKind, type Case } from './cases.ts'
import { DIFFERENCES, NEVER_SEEN } from './differences.ts'

const [kubeScore = '', podSecurity = ''] = process.argv.slice(2)
const counts = { passed: 0, failed: 0 }

function expect(isRight: boolean, message: () => string): void {
  counts[isRight ? 'passed' : 'failed']++
  if (!isRight) console.log(`FAILED: ${message()}`)
}

/** kube-score ends with 1 when it finds something. */
function output(program: string, args: string[], codes = [0]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
    if (codes.includes(status)) return stdout
    throw new Error(`${program} ended with ${status}: ${stderr}`)
  }
}

const same = (a: Iterable<string>, b: Iterable<string>) => [...a].sort().join() === [...b].sort().join()
const only = (a: Iterable<string>, b: Iterable<string>) => [...a].filter((item) => ![...b].includes(item)).join(', ')

interface Score {
  file_name: string
  checks: { check: { id: string }; grade: number; skipped: boolean; comments: { summary: string }[] | null }[]
}
const ALL_OK = 10

function compareScores(cases: Case[]): void {
  const listed = output(kubeScore, ['list'])
    .trim()
    .split('\n')
    .map((line) => line.split(',')[0] ?? '')
  expect(same(listed, Object.keys(KUBE_SCORE)), () => {
    const table = Object.keys(KUBE_SCORE)
    return `the table of kube-score: not in it ${only(listed, table)}; not in kube-score ${only(table, listed)}`
  })
  const usedDifferences = new Set<object>()
  const seen = new Set<string>()
  for (const one of cases) compareScore(one, usedDifferences, seen)
  for (const difference of DIFFERENCES) {
    const name = `${difference.check}, ${difference.comment}`
    expect(usedDifferences.has(difference), () => `differences.ts: nothing is explained by ${name}`)
  }
  for (const [check, counterpart] of Object.entries(KUBE_SCORE)) {
    if (typeof counterpart === 'string') continue
    const isExplained = NEVER_SEEN[check] !== undefined
    expect(seen.has(check) !== isExplained, () =>
      isExplained
        ? `differences.ts: ${check} is seen after all`
        : `${check}: no fixture of ${counterpart.join(', ')} makes kube-score report it`,
    )
  }
}

/** Everything that kube-score says of a file is settled, found there by a rule of ours, or a difference with a reason. */
function compareScore({ name, rule, paths, findings }: Case, used: Set<object>, seen: Set<string>): void {
  const optional = Object.keys(KUBE_SCORE).flatMap((check) => ['--enable-optional-test', check])
  const args = ['score', '--output-format', 'json', '--kubernetes-version', 'v1.36', ...optional, ...paths.values()]
  const scores = JSON.parse(output(kubeScore, args, [0, 1])) as Score[]
  const fileOf = new Map([...paths].map(([file, path]) => [path, file]))
  for (const { file_name, checks } of scores) {
    const file = fileOf.get(file_name)
    const ours = new Set<string>(findings.filter((finding) => finding.file === file).map((finding) => finding.rule))
    for (const { check, grade, skipped, comments } of checks) {
      const counterpart = KUBE_SCORE[check.id]
      if (skipped || grade >= ALL_OK || counterpart === undefined || typeof counterpart === 'string') continue
      if (rule !== undefined && counterpart.some((one) => one === rule)) seen.add(check.id)
      for (const comment of new Set((comments ?? []).map(({ summary }) => summary))) {
        const difference = DIFFERENCES.find((one) => one.check === check.id && one.comment === comment)
        const isFound = counterpart.some((one) => ours.has(one))
        if (!isFound && difference) used.add(difference)
        expect(isFound || difference !== undefined, () => `${name}: kube-score's ${check.id} (${comment}) of ${file}`)
      }
    }
  }
}

/** The same pods are refused by the same controls. */
function compareControls(cases: Case[]): void {
  const listed = output(podSecurity, []).trim().split('\n')
  expect(same(listed, Object.keys(POD_SECURITY)), () => {
    const table = Object.keys(POD_SECURITY)
    return `the table of Pod Security: not in it ${only(listed, table)}; not in Kubernetes ${only(table, listed)}`
  })
  const seen = new Set<string>()
  for (const { name, paths, findings } of cases) {
    const verdicts = output(podSecurity, [...paths.values()])
    for (const line of verdicts.trim().split('\n').filter(Boolean)) {
      const { file, refused } = JSON.parse(line) as { file: string; refused: string[] }
      const ours = new Set<string>(
        findings.filter((finding) => paths.get(finding.file ?? '') === file).map(({ rule }) => rule),
      )
      for (const [control, rules] of Object.entries(POD_SECURITY)) {
        const isRefused = refused.includes(control)
        if (isRefused) seen.add(control)
        const found = rules.filter((rule) => ours.has(rule))
        // A rule for two controls is found where only one of them refuses.
        const isElsewhere =
          found.length > 0 && found.every((rule) => controlsOf(rule).some((one) => refused.includes(one)))
        expect(isRefused ? found.length > 0 : found.length === 0 || isElsewhere, () => {
          const [they, we] = [isRefused ? 'refuses' : 'admits', found.join(', ') || 'nothing']
          return `${name}: ${control} ${they} the pods of ${file}, and we find ${we}`
        })
      }
    }
  }
  const unseen = Object.keys(POD_SECURITY).filter((control) => !seen.has(control))
  expect(unseen.length === 0, () => `no fixture is refused by ${unseen.join(', ')}`)
}

function controlsOf(rule: string): string[] {
  return Object.keys(POD_SECURITY).filter((control) => POD_SECURITY[control]?.some((one) => one === rule))
}

const folder = mkdtempSync(join(tmpdir(), 'modelyard-linters-'))
try {
  const cases = allCases(folder)
  compareScores(cases)
  compareControls([...cases, ...asEveryKind(folder)])
} finally {
  rmSync(folder, { recursive: true })
}
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 ? 0 : 1
