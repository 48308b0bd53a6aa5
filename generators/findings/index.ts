export { Failure, type FailureCode } from './failure.ts'
export { type DocumentPath, type Finding, formatPath, hasErrors, type Severity, sortFindings } from './finding.ts'
export { type Rule, sentenceOf } from './rule.ts'
export { RULES, type RuleId } from './rules.ts'
