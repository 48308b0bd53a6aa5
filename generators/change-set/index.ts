export { type AppliedChange, applyPinChange } from './apply.ts'
export { type MeasuredVersion, measureDeployed } from './budget.ts'
export { type CandidateChange, type CandidateRequest, planCandidate } from './candidate.ts'
export { type Decision, decisionOf } from './decision.ts'
export type { Moment } from './environment-gates.ts'
export { sliceFeatures } from './evaluation-rows.ts'
export type { Evidence, Known, LiveFigures } from './evidence.ts'
export { evaluateThreshold, type GateResult, type Verdict } from './gates.ts'
export { type GateOverride, isBlocking, type Judgement, judge } from './judge.ts'
export type { Latency } from './latency.ts'
export { type MemoryUse, measureMemory } from './memory.ts'
export {
  type CandidateMode,
  type Mode,
  type PinChange,
  type PromotionChange,
  requireEnvironment,
  requirePinned,
} from './pin-change.ts'
export { type PastPin, type PinEvent, type PinEventKind, pinHistory } from './pin-history.ts'
export { type PromotionRequest, planPromotion } from './promotion.ts'
export { type Comparison, type Replay, type ReplayedRow, replay } from './replay.ts'
export { planRetirement } from './retirement.ts'
export { planRollback, type Rollback, type RollbackRequest, refuseRemoved } from './rollback.ts'
