import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * `modelyard validate` beside kubeconform, whole processes in turns, the median of each: 10,000 objects in 1,000 files, 100,000 in
 * one stream, and a single model beside `node -e 0`. Ratios are medians over the turns: both contestants of a turn met the same
 * load. Time of the processors is what a process costs; on a busy machine it says more than the clock. kubeconform checks schemas
 * alone: once we do the same (`--only schema`), once references and policy as well. Both read Kubernetes 1.36's schemas. Build
 * first (`npm run build`); kubeconform and its schemas are those that `npm run e2e -- manifests` keeps.
 *
 *     npm run bench:validate
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const GOOD = join(ROOT, 'generators/validation/testing/good')
const CLI = join(ROOT, 'lib/cli/main.js')
const TURNS = 7
const KINDS = [
  'deployment',
  'service',
  'config-map',
  'horizontal-pod-autoscaler',
  'pod-disruption-budget',
  'network-policy',
  'service-account',
  'role',
  'role-binding',
  'job',
]
const TEXTS = KINDS.map((kind) => readFileSync(join(GOOD, `${kind}.yaml`), 'utf8'))

/** The ten objects of one service, in a namespace of its own. */
function service(number: number): string {
  return TEXTS.map((text) =>
    text.replaceAll(/\bshop\b/g, `shop-${number}`).replaceAll(/\bweb\b/g, `web-${number}`),
  ).join('---\n')
}

interface Measured {
  seconds: number
  /** Of all processors, in the program and in the kernel. */
  cpuSeconds: number
  /** Peak resident memory. */
  mebibytes: number
}

/** One run, by GNU time. */
function measured(command: readonly string[]): Measured {
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%e %U %S %M', ...command], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
  if (status !== 0) throw new Error(`${command.join(' ')}: exit ${status}\n${stderr.slice(0, 2000)}`)
  const [seconds = 0, user = 0, kernel = 0, kibibytes = 0] = (stderr.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number)
  return { seconds, cpuSeconds: user + kernel, mebibytes: Math.round(kibibytes / 1024) }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** Runs both in turns, and prints what each took and how many times as much the second took as the first. */
function compare(what: string, ours: [string, string[]], theirs: [string, string[] | undefined], turns: number): void {
  const [name, command] = theirs
  if (!command) console.log(`skipped: needs ${name}, get it by npm run e2e -- manifests`)
  const runs = Array.from({ length: turns }, () => [measured(ours[1]), command && measured(command)] as const)
  const print = (who: string, run: readonly Measured[]) => {
    const of = (key: keyof Measured) => median(run.map((one) => one[key]))
    console.log(
      `${`${what}: ${who}`.padEnd(64)} ${of('seconds').toFixed(2)} s  ${of('cpuSeconds').toFixed(2)} s of the processors  ${of('mebibytes')} MiB`,
    )
  }
  print(
    ours[0],
    runs.map(([one]) => one),
  )
  const pairs = runs.flatMap(([one, other]) => (other ? [{ one, other }] : []))
  if (pairs.length === 0) return
  print(
    name,
    pairs.map(({ other }) => other),
  )
  const ratio = (key: keyof Measured) => median(pairs.map(({ one, other }) => other[key] / one[key])).toFixed(2)
  console.log(
    `  ${name} takes ${ratio('seconds')} times as long, and ${ratio('cpuSeconds')} times as much of the processors`,
  )
}

/** The command of kubeconform with local schemas; undefined when it is not here. */
function kubeconform(): string[] | undefined {
  const cache = process.env['MODELYARD_CI_CACHE'] ?? join(homedir(), '.cache/modelyard-ci')
  const names = existsSync(cache) ? readdirSync(cache) : []
  const program = names.find((name) => name.startsWith('kubeconform-'))
  const schemas = names.find((name) => name.startsWith('schemas-'))
  if (!program || !schemas) return undefined
  const location = join(cache, schemas, 'core', '{{ .ResourceKind }}{{ .KindSuffix }}.json')
  return [join(cache, program, 'kubeconform'), '-n', '4', '-strict', '-schema-location', location]
}

if (!existsSync(CLI) || !existsSync('/usr/bin/time')) {
  console.error('needs lib/ (npm run build) and GNU time (apt-get install time)')
  process.exit(2)
}
const folder = mkdtempSync(join(tmpdir(), 'modelyard-bench-'))
try {
  const many = join(folder, 'many')
  mkdirSync(many)
  for (let number = 0; number < 1000; number++) writeFileSync(join(many, `service-${number}.yaml`), service(number))
  const stream = join(folder, 'stream.yaml')
  writeFileSync(stream, Array.from({ length: 10_000 }, (_, number) => service(number)).join('---\n'))
  const one = join(folder, 'one.yaml')
  writeFileSync(one, service(0))

  const ours = [process.execPath, CLI, 'validate', '--quiet']
  const theirs = kubeconform()
  for (const [layers, args] of [
    ['schemas alone', ['--only', 'schema']],
    ['all layers', []],
  ] as const) {
    compare(
      `10,000 objects in 1,000 files, ${layers}`,
      ['modelyard', [...ours, ...args, many]],
      ['kubeconform -n 4', theirs && [...theirs, many]],
      TURNS,
    )
  }
  compare(
    '100,000 objects in one stream, all layers',
    ['modelyard', [...ours, stream]],
    ['kubeconform -n 4', theirs && [...theirs, stream]],
    1,
  )
  compare('one service', ['modelyard', [...ours, one]], ['node -e 0', [process.execPath, '-e', '0']], TURNS)
} finally {
  rmSync(folder, { recursive: true })
}
