export { withBase } from './base-worktree.ts'
export {
  type Base,
  branchState,
  type CommitState,
  commitState,
  commitsBeyond,
  defaultBranch,
  fetchBase,
  pushBranch,
  resolveCommit,
  setLocalBranch,
} from './branches.ts'
export { changedBetween, filesAt, isAncestor, mergeBase } from './files-at.ts'
export { type ForeignCommit, foreignCommits } from './foreign-commits.ts'
export { type GitRepository, openRepository } from './git.ts'
export { tokenFrom } from './git-environment.ts'
export { GitFailure } from './git-failure.ts'
export { findHooks, HookFailure, type HookName, type Hooks } from './hooks.ts'
export { type LogEntry, readLog } from './log.ts'
export { isLoopback } from './loopback.ts'
export { redact } from './redact.ts'
export { checkName, type ForgeRepository, forgeRepository } from './remote.ts'
export { type HistoryEntry, scalarHistory } from './scalar-history.ts'
export { createScratchRepository, mergeBranch } from './scratch-repository.ts'
export { needsOf } from './sparse-checkout.ts'
export { commitAll, withScratchWorktree } from './worktree.ts'
