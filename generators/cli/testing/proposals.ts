import { Failure } from '../../findings/index.ts'
import { applyChanges, compareWithDist, renderManifests } from '../../manifests/index.ts'
import type { ProposalOptions } from '../../promotion/index.ts'
import { loadRepository, resolvePlan } from '../../repository/index.ts'
import type { ExampleClone } from '../../testing/example-repository.ts'

/** No configuration and no token of the machine that the tests run on. */
export function isolateGit(): void {
  for (const name of ['GITHUB_TOKEN', 'GH_TOKEN']) delete process.env[name]
  Object.assign(process.env, { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' })
}

/** Proposes into main of a clone's remote; without a forge unless `more` has one. */
export function proposalOptions({ root }: ExampleClone, more: Partial<ProposalOptions> = {}): ProposalOptions {
  const defaults = { remote: 'origin', baseBranch: 'main', push: true, dryRun: false, offline: false }
  // Processes that measure memory are a second each.
  const judging = { measureMemory: false }
  return { root, forge: undefined, judging, ...defaults, ...more }
}

/** What git printed, without empty lines. */
export async function gitLines(clone: ExampleClone, ...args: string[]): Promise<string[]> {
  return (await clone.git.git(args)).split('\n').filter((line) => line !== '')
}

export async function remoteBranches(clone: ExampleClone): Promise<(string | undefined)[]> {
  return (await gitLines(clone, 'ls-remote', '--heads', 'origin')).map((line) => line.split('refs/heads/')[1])
}

/** Commits what a test changed and pushes it to main. */
export async function pushToMain(clone: ExampleClone, message: string): Promise<void> {
  await clone.git.git(['add', '--all', 'models', 'environments', 'dist'])
  await clone.git.git(['commit', '--quiet', '--message', message])
  await clone.git.git(['push', '--quiet', 'origin', 'main'])
}

/** The same after `synth`. */
export async function synthAndPush(clone: ExampleClone, message: string): Promise<void> {
  const plan = resolvePlan(await loadRepository(clone.root))
  await applyChanges(clone.root, await compareWithDist(clone.root, renderManifests(plan), {}))
  await pushToMain(clone, message)
}

/** The failure that something ends with. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('expected a failure, and there was none')
}
