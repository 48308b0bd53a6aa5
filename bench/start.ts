import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootModel, DEFAULT_BATCHING, writeLoopModel } from './loop-models.ts'
import { startScratchServer } from './scratch-server.ts'

/**
 * What boundaries cost at the start: the built commands and the server of this commit and of one before definitions were evaluated, and new
 * versions tried, in processes of their own. Commands run on each commit's own example repository (4 models, 3 environments); the server
 * starts with an empty cache and one small model. In turn; milliseconds, the fastest of each, and the ratio.
 * `npm run bench:start [-- <commit>]` installs and builds the other commit in a temporary folder.
 */
const [COMMIT = '237b36d'] = process.argv.slice(2)
const ROUNDS = 15
const PORT = 18_483
/** The goal: at most so many times the time of the other commit. */
const GOAL = 1.3
const COMMANDS = [
  ['synth', '--check'],
  ['validate', '--offline'],
  ['diff', 'staging', 'production'],
]

const here = fileURLToPath(new URL('..', import.meta.url))
const before = realpathSync(mkdtempSync(join(tmpdir(), 'modelyard-bench-commands-')))
/** On a shared machine others only add. */
const fastest = (values: number[]) => Math.min(...values)

/** Without a token, a configuration of Git, or a cache. */
const environment = {
  PATH: process.env['PATH'] ?? '',
  HOME: before,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
}

function measure(root: string, command: readonly string[]): number {
  const started = performance.now()
  const { status, stderr } = spawnSync(process.execPath, ['lib/cli/main.js', ...command], {
    cwd: root,
    env: environment,
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status !== 0) throw new Error(`${command.join(' ')} in ${root} ended with ${status}: ${stderr}`)
  return performance.now() - started
}

function row(what: string, times: { before: number[]; now: number[] }) {
  const [then, now] = [fastest(times.before), fastest(times.now)]
  return { what, before: Math.round(then), now: Math.round(now), ratio: Number((now / then).toFixed(2)) }
}

try {
  execFileSync('git', ['clone', '--quiet', '--shared', '--no-checkout', here, before])
  execFileSync('git', ['checkout', '--quiet', COMMIT], { cwd: before })
  const quietly = { cwd: before, stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[] }
  execFileSync('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--loglevel=error'], quietly)
  execFileSync('npm', ['run', '--silent', 'build'], quietly)
  const rows = COMMANDS.map((command) => {
    const times: { before: number[]; now: number[] } = { before: [], now: [] }
    for (let round = -1; round < ROUNDS; round++) {
      const pair = { before: measure(before, command), now: measure(here, command) }
      // The first reads the files into memory.
      if (round < 0) continue
      times.before.push(pair.before)
      times.now.push(pair.now)
    }
    return row(command.join(' '), times)
  })
  const model = [bootModel('one', writeLoopModel(join(before, 'one.onnx'), 10), 'slow', DEFAULT_BATCHING)]
  const ready: { before: number[]; now: number[] } = { before: [], now: [] }
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, root] of [
      ['before', before],
      ['now', here],
    ] as const) {
      const server = await startScratchServer(model, PORT, join(root, 'serving/lib/main.js'))
      if (round >= 0) ready[name].push(server.readyMs)
      await server.stop()
    }
  }
  rows.push(row('server ready, a new version', ready))
  console.log(JSON.stringify({ commit: COMMIT, node: process.version, rounds: ROUNDS, goal: GOAL, rows }, null, 2))
  // A new version is tried in a process before it answers: that is a price, and no goal is set for it.
  if (rows.slice(0, COMMANDS.length).some(({ ratio }) => ratio > GOAL)) process.exitCode = 1
} finally {
  rmSync(before, { recursive: true, force: true })
}
