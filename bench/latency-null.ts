// How often a version differs from itself: `node -C modelyard-source --import tsx bench/latency-null.ts [runs]`. At most 5 in 100 may.
import { join } from 'node:path'
import { argv } from 'node:process'
import { replay } from '../generators/gates/index.ts'
import { loadRepository } from '../generators/repository/index.ts'

const runs = Number(argv[2] ?? 100)
const repository = await loadRepository(join(import.meta.dirname, '..'))
const version = repository.models.get('diabetes-progression')?.versions.get('1.0.0')?.value
if (!version) throw new Error('no example')
let different = 0
let unsure = 0
const widths: number[] = []
for (let run = 0; run < runs; run++) {
  const { latency } = await replay(repository, version, version)
  const { low = 0, high = 0 } = latency?.ratios?.p50 ?? {}
  // As the pull request says it: slower, faster, or cannot tell.
  if ((low > 1 && high > 1.1) || (high < 1 && low < 1 / 1.1)) different++
  else if (low < 1 / 1.1 || high > 1.1) unsure++
  widths.push(high - low)
}
widths.sort((a, b) => a - b)
console.log(`${runs} runs of one file against itself: ${different} called different, ${unsure} cannot tell`)
console.log(`median width of the interval ${widths[Math.floor(widths.length / 2)]?.toFixed(3)}`)
