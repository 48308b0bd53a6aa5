import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * `modelyard validate` beside kubeconform, whole processes, best of several runs: 10,000 objects in 1,000 files, 100,000 in one
 * stream, and a single model beside `node -e 0`. kubeconform checks schemas alone, we check references and policy as well; both
 * read Kubernetes 1.36's. Build first (`npm run build`); kubeconform and its schemas are those that `npm run test:manifests` keeps.
 *
 *     npm run bench:validate
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const GOOD = join(ROOT, 'generators/checks/testing/good')
const CLI = join(ROOT, 'lib/cli/main.js')
const RUNS = 5
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
  /** Peak resident memory. */
  mebibytes: number
}

/** The quickest of several runs, by GNU time. */
function measured(command: string[], times = RUNS): Measured {
  const runs = Array.from({ length: times }, () => {
    const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%e %M', ...command], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    })
    if (status !== 0) throw new Error(`${command.join(' ')}: exit ${status}\n${stderr.slice(0, 2000)}`)
    const [seconds = '', kibibytes = ''] = (stderr.trim().split('\n').at(-1) ?? '').split(' ')
    return { seconds: Number(seconds), mebibytes: Math.round(Number(kibibytes) / 1024) }
  })
  return runs.reduce((best, run) => (run.seconds < best.seconds ? run : best))
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
  const rows: [string, Measured | undefined][] = [
    ['10,000 objects in 1,000 files: modelyard', measured([...ours, many])],
    ['10,000 objects in 1,000 files: kubeconform -n 4', theirs && measured([...theirs, many])],
    ['100,000 objects in one stream: modelyard', measured([...ours, stream])],
    ['100,000 objects in one stream: kubeconform -n 4', theirs && measured([...theirs, stream], 1)],
    ['one service: modelyard', measured([...ours, one])],
    ['node -e 0', measured([process.execPath, '-e', '0'])],
  ]
  for (const [what, run] of rows) {
    console.log(
      `${what.padEnd(50)} ${run ? `${run.seconds.toFixed(2)} s  ${run.mebibytes} MiB` : 'skipped: needs kubeconform, get it by npm run test:manifests'}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true })
}
