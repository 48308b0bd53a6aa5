import { Failure, hasErrors, sortFindings } from '../findings/index.ts'
import { loadRepository } from './load.ts'
import type { Plan } from './plan.ts'
import type { Repository } from './repository.ts'
import { resolvePlan } from './resolve.ts'

/**
 * What should run where, of the repository at `root`: for cdk8s programs that place a model in an App of their own.
 * @throws Failure with all findings when a definition or a pin is wrong
 */
export async function loadPlan(root: string): Promise<Plan> {
  return requirePlan(await loadRepository(root))
}

/** The plan of a loaded repository. @throws Failure with all findings when a definition or a pin is wrong */
export function requirePlan(repository: Repository): Plan {
  const plan = resolvePlan(repository)
  const findings = sortFindings([...repository.findings, ...plan.findings])
  if (hasErrors(findings)) throw new Failure(`${repository.root} has validation errors; fix them first`, { findings })
  return plan
}
