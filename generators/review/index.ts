export { buildPromotionReport, namedVersion, promotedVersion, renderedChanges, runningVersion } from './build-report.ts'
export { checkReport } from './check-report.ts'
export { describePromotion } from './describe.ts'
export { describeCandidate, describeRetirement, describeRollback } from './describe-step.ts'
export { gatesSection } from './gates-section.ts'
export { count, formatBytes } from './numbers.ts'
export type {
  Callers,
  CandidateReport,
  GateResult,
  PromotionReport,
  RetirementReport,
  RollbackReport,
  Undo,
} from './report.ts'
export { formatForTerminal } from './terminal.ts'
