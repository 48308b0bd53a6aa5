import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promote } from '../generators/promotion/index.ts'
import { createManyModels, manyModelName } from '../generators/testing/many-models.ts'

/**
 * `promote` of one model in repositories of 10 and 1,000 models, in turn: the milliseconds and the CPU of this process and of git,
 * the median of each. Run it with `npm run bench:promote [-- <number> ...]`.
 */
const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10, 1000]
const ROUNDS = 7

Object.assign(process.env, { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' })
const median = (values: number[]) => Math.round(values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0)

const tops = SIZES.map(() => realpathSync(mkdtempSync(join(tmpdir(), 'modelyard-bench-promote-'))))
try {
  const made = []
  for (const [index, models] of SIZES.entries())
    made.push({ models, ...(await createManyModels(tops[index] ?? '', models)) })
  const measured = made.map(({ models, git }) => ({ models, git, milliseconds: [] as number[], cpu: [] as number[] }))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { git, milliseconds, cpu } of measured) {
      const [started, used] = [performance.now(), process.cpuUsage()]
      const model = manyModelName(round)
      const options = { root: git.root, remote: 'origin', baseBranch: 'main', push: true, dryRun: false, offline: true }
      await promote({ model, from: 'staging', to: 'production' }, { ...options, forge: undefined })
      const { user, system } = process.cpuUsage(used)
      // The first loads the code.
      if (round === 0) continue
      milliseconds.push(performance.now() - started)
      cpu.push((user + system) / 1000)
    }
  }
  const rows = measured.map(({ models, milliseconds, cpu }) => ({
    models,
    ms: median(milliseconds),
    cpuMs: median(cpu),
  }))
  const [first, last] = [rows[0], rows.at(-1)]
  console.log(
    JSON.stringify({ rows, ratio: first && last ? Math.round((last.ms / first.ms) * 100) / 100 : undefined }, null, 2),
  )
} finally {
  for (const top of tops) rmSync(top, { recursive: true, force: true })
}
