import { readFile, rm } from 'node:fs/promises'
import { Failure } from '../findings/index.ts'
import {
  type Base,
  changedBetween,
  fetchBase,
  type GitRepository,
  isAncestor,
  needsOf,
  openRepository,
  resolveCommit,
  withScratchWorktree,
} from '../git/index.ts'
import { ifPresent, writeAtomically } from '../manifests/index.ts'
import { innerPath, paths } from '../repository/index.ts'
import { commitAndPublish, withdraw } from './decided-change.ts'
import type { Proposal, ProposalOptions } from './propose.ts'
import type { PlanEntry, ProposedChange } from './publication-plan.ts'

/**
 * Publishes one entry of a plan that `readPlan` accepted: writes its files on its base commit, pushes, and opens or updates the pull request.
 * Evaluates no definition and opens no model. Undefined for one that changes nothing.
 * @throws Failure when the base branch does not hold the base commit, or has changed since what the plan was decided on
 */
export async function publishPlanned(
  entry: PlanEntry,
  options: ProposalOptions,
): Promise<Proposal<undefined> | undefined> {
  const { root, packagesRoot = root, remote, baseBranch, push, dryRun } = options
  const repository = await openRepository(root)
  const base = await fetchBase(repository, { remote, branch: baseBranch })
  await refuseStale(repository, entry, base, baseBranch)
  if (entry.action === 'withdraw') {
    if (!dryRun && push) await withdraw(options, entry)
    return undefined
  }
  const { title, body, files, model } = entry
  const change = { ...entry, files: files.map(({ path }) => path) }
  const proposal = { title, body, report: undefined, files: change.files, problems: [] }
  return withScratchWorktree(
    repository,
    entry.baseCommit,
    async (directory) => {
      await writeFiles(directory, entry)
      if (dryRun) return proposal
      const settings = { ...options, packagesRoot, ownersAt: base.commit }
      const published = await commitAndPublish(repository, directory, change, settings)
      return published && { ...proposal, published, problems: published.problems }
    },
    needsOf(model),
  )
}

async function refuseStale(
  repository: GitRepository,
  { model, environment, baseCommit }: PlanEntry,
  base: Base,
  baseBranch: string,
): Promise<void> {
  const fix = 'Make the plan again with promote --plan.'
  if (!base.fetched) {
    throw new Failure(`the plan for ${model} cannot be compared with ${baseBranch}: ${base.problem}`, {
      fix: 'Run the command again when the remote can be reached.',
    })
  }
  const known = await resolveCommit(repository, baseCommit)
  if (known !== baseCommit || !(await isAncestor(repository, baseCommit, base.commit))) {
    throw new Failure(`the plan for ${model} was made at ${baseCommit}, which is no commit of ${baseBranch}`, { fix })
  }
  const isNeeded = needsOf(model)
  const isInput = (file: string) =>
    (file.startsWith('models/') || file.startsWith('environments/') || file.startsWith(`dist/${environment}/`)) &&
    isNeeded(file)
  const [first, ...more] = (await changedBetween(repository, baseCommit, base.commit)).filter(isInput)
  if (first === undefined) return
  const others = more.length === 0 ? '' : ` and ${more.length} more`
  throw new Failure(
    `the plan for ${model} is out of date: ${baseBranch} changed ${first}${others} since ${baseCommit.slice(0, 7)}`,
    { fix },
  )
}

/** @throws Failure for a release that is there with another content: releases are added and never changed */
async function writeFiles(directory: string, { model, files }: ProposedChange): Promise<void> {
  for (const { path, text } of files) {
    const file = innerPath(directory, path)
    if (text === null) {
      await rm(file, { force: true })
      continue
    }
    const before = path.startsWith(paths.releases(model)) ? await ifPresent(readFile(file, 'utf8')) : undefined
    if (before !== undefined && before !== text) {
      throw new Failure(`the plan for ${model} changes ${path}, and releases never change`, {
        fix: 'Make the plan again with promote --plan.',
      })
    }
    await writeAtomically(directory, path, text)
  }
}
