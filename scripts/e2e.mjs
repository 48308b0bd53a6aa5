// `npm run e2e -- <tier> [arguments]`: runs e2e/<tier>/run.sh, the proofs against one real counterpart. Without a tier, lists them.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const tiers = readdirSync(`${root}e2e`).filter((name) => existsSync(`${root}e2e/${name}/run.sh`))
const [tier, ...args] = process.argv.slice(2)
if (!tiers.includes(tier)) {
  if (tier !== undefined) console.error(`unknown tier: ${tier}`)
  console.error(`npm run e2e -- <tier>, where <tier> is one of: ${tiers.join(', ')} (see CONTRIBUTING.md)`)
  process.exit(2)
}
const { status } = spawnSync('bash', [`e2e/${tier}/run.sh`, ...args], { cwd: root, stdio: 'inherit' })
process.exit(status ?? 2)
