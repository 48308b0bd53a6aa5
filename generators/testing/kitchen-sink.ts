import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Finding, sortFindings } from '../findings/index.ts'
import { applyChanges, compareWithDist, renderManifests } from '../manifests/index.ts'
import { loadRepository, type Plan, resolvePlan } from '../repository/index.ts'
import { REPOSITORY } from './example-repository.ts'

/** A repository that asks for everything that can be generated; engines exclude one another, so each environment has its own. */
export const KITCHEN_SINK = fileURLToPath(new URL('kitchen-sink', import.meta.url))

/** The plan of the kitchen sink. Throws when a definition or pin of it is wrong. */
export async function planKitchenSink(): Promise<{ plan: Plan; findings: Finding[] }> {
  const repository = await loadRepository(KITCHEN_SINK, { packagesRoot: REPOSITORY })
  const plan = resolvePlan(repository)
  const findings = sortFindings([...repository.findings, ...plan.findings])
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new Error(`the kitchen sink is wrong: ${JSON.stringify(errors, null, 2)}`)
  return { plan, findings }
}

/** Copies the kitchen sink to the folder `root` and writes its dist/ there. */
export async function writeKitchenSink(root: string): Promise<Plan> {
  const { plan } = await planKitchenSink()
  cpSync(KITCHEN_SINK, root, { recursive: true })
  await applyChanges(root, await compareWithDist(root, renderManifests(plan), {}))
  return plan
}

/** The text of every definition below a folder. */
export function sourcesOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
}
