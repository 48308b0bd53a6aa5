export {
  type Base,
  branchState,
  type CommitState,
  commitState,
  fetchBase,
  pushBranch,
  resolveCommit,
  setLocalBranch,
} from './branches.ts'
export { type Description, describePromotion, describeRollback } from './describe.ts'
export { type EmbeddedForge, startEmbeddedForge } from './embedded-forge.ts'
export type { EmbeddedPullRequest } from './embedded-forge-routes.ts'
export type { Forge, NewPullRequest, PullRequest } from './forge.ts'
export { type GitOptions, type GitRepository, openRepository } from './git.ts'
export { createGitHubForge, type GitHubOptions } from './github.ts'
export { type HiddenBlock, readHiddenBlock } from './hidden-block.ts'
export { type Proposal, type ProposalOptions, promote, rollback } from './promote.ts'
export { type Change, type Published, publishChange } from './publish.ts'
export { redact } from './redact.ts'
export { type ForgeRepository, parseForgeRepository, remoteUrl } from './remote.ts'
export type {
  ClassificationComparison,
  GateResult,
  InterfaceChange,
  ObjectChanges,
  PredictionComparison,
  PromotionReport,
  RegressionComparison,
  RollbackReport,
  RunningVersion,
  SettingChange,
  VersionCost,
} from './report.ts'
export { type HistoryEntry, scalarHistory } from './scalar-history.ts'
export { createScratchRepository, mergeBranch } from './scratch-repository.ts'
export { formatForTerminal } from './terminal.ts'
export { type CommitOptions, commitAll, withScratchWorktree } from './worktree.ts'
