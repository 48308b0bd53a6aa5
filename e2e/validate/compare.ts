/**
 * Our verdicts beside others'. Prints a line a difference that nothing explains, and `N passed, N failed` at the end.
 *
 *     compare.ts corpus <folder> <ours.json> <kubeconform.json> <kubernetes-validate.json>
 *     compare.ts fixtures <folder> <ours.json> <kubeconform.json>
 */
import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { ManifestValidation } from '../../generators/validation/index.ts'

interface Label {
  fault: string
  where: string
}

/** Said by a schema, or by the reader of YAML; references and policy are no part of what the others check. */
const SCHEMA_RULES = new Set(['schema-invalid', 'yaml-syntax', 'schema-unknown-kind', 'api-unknown', 'api-removed'])

/** Faults that JSON Schema made from OpenAPI does not show, and the API server refuses; we restate its rules. */
const BEYOND_OPENAPI = new Set([
  'metadata missing',
  'unknown kind of value',
  'port out of range',
  'negative count',
  'no quantity',
  'no name',
  'no label',
])

const json = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T

let passed = 0
const failures: string[] = []
function expect(isRight: boolean, what: string): void {
  if (isRight) passed++
  else failures.push(what)
}

/** Our word on each file: what is wrong with its schema or its YAML; a file that is not in it is valid. */
function ours(file: string, folder: string): Map<string, string> {
  const wrong = json<ManifestValidation>(file).findings.filter(({ rule }) => SCHEMA_RULES.has(rule))
  return new Map(wrong.map((finding) => [nameIn(folder, finding.file ?? ''), `${finding.rule}: ${finding.message}`]))
}

/** kubeconform's word on each file: of several objects the worst. */
function kubeconform(file: string, folder: string): Map<string, string> {
  const { resources } = json<{ resources: { filename: string; status: string; msg: string }[] }>(file)
  const wrong = resources.filter(({ status }) => status === 'statusInvalid' || status === 'statusError')
  return new Map(wrong.map(({ filename, msg }) => [nameIn(folder, filename), msg]))
}

function nameIn(folder: string, file: string): string {
  return relative(resolve(folder), resolve(file))
}

function compareCorpus(folder: string, mine: string, theirs: string, others: string): void {
  const labels = json<Record<string, Label>>(`${folder}.labels.json`)
  const found = ours(mine, folder)
  const conform = kubeconform(theirs, folder)
  const validate = json<Record<string, string>>(others)
  let broken = 0
  let missed = 0
  const beyond = new Map<string, number>()
  for (const [file, { fault, where }] of Object.entries(labels)) {
    const wrong = found.get(file)
    if (fault === 'valid') expect(wrong === undefined, `false alarm: ${where} in ${file}: ${wrong}`)
    else {
      broken++
      if (wrong === undefined) missed++
      expect(wrong !== undefined, `missed: ${fault} at ${where} in ${file}`)
    }
    const says = { kubeconform: conform.get(file), 'kubernetes-validate': refused(validate[file]) }
    for (const [validator, refusal] of Object.entries(says)) {
      if (validator === 'kubernetes-validate' && !(file in validate)) continue
      if (refusal !== undefined && wrong === undefined) failures.push(`${validator} alone refuses ${file}: ${refusal}`)
      if (refusal === undefined && wrong !== undefined) {
        const isExplained = BEYOND_OPENAPI.has(fault) || (fault === 'key twice' && validator !== 'kubeconform')
        expect(isExplained, `${validator} accepts ${file} (${fault} at ${where}): ${wrong}`)
        beyond.set(`${validator}: ${fault}`, (beyond.get(`${validator}: ${fault}`) ?? 0) + 1)
      }
    }
  }
  const valid = Object.keys(labels).length - broken
  console.log(
    `${valid} valid objects and ${broken} with one fault: ${missed} faults missed (${((100 * missed) / broken).toFixed(2)} %)`,
  )
  for (const [what, count] of [...beyond].sort()) console.log(`  found by us and not by ${what}: ${count}`)
}

function refused(verdict: string | undefined): string | undefined {
  return verdict === 'valid' || verdict === 'unknown' ? undefined : verdict
}

function compareFixtures(folder: string, mine: string, theirs: string): void {
  const explained = json<Record<string, string>>(new URL('fixture-differences.json', import.meta.url).pathname)
  const found = ours(mine, folder)
  const conform = kubeconform(theirs, folder)
  const differing = new Set<string>()
  for (const file of new Set([...found.keys(), ...conform.keys()])) {
    const [we, they] = [found.get(file), conform.get(file)]
    if ((we === undefined) === (they === undefined)) passed++
    else {
      differing.add(file)
      expect(file in explained, `${file}: we say ${we ?? 'valid'}; kubeconform says ${they ?? 'valid'}`)
    }
  }
  for (const file of Object.keys(explained))
    expect(differing.has(file), `${file} is listed as a difference, and is none`)
}

const [mode, folder = '', ...files] = process.argv.slice(2)
if (mode === 'corpus') compareCorpus(folder, files[0] ?? '', files[1] ?? '', files[2] ?? '')
else compareFixtures(folder, files[0] ?? '', files[1] ?? '')
for (const failure of failures.slice(0, 50)) console.log(`FAILED: ${failure}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
