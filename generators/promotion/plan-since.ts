import { filesAt, mergeBase, openRepository, withScratchWorktree } from '../git/index.ts'
import { loadRepository, type Plan, resolvePlan } from '../repository/index.ts'

/** What ran where, and what stood in dist/, when the current branch left `ref`. @throws Failure when there is no such commit */
export async function planSince(
  root: string,
  ref: string,
): Promise<{ commit: string; plan: Plan; dist: Map<string, string> }> {
  const git = await openRepository(root)
  const commit = await mergeBase(git, ref)
  const files = await filesAt(git, ref, 'dist')
  const dist = new Map(files.map(({ file, text }) => [file, text]))
  return withScratchWorktree(git, commit, async (directory) => {
    return { commit, plan: resolvePlan(await loadRepository(directory, { packagesRoot: root })), dist }
  })
}
