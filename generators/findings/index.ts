export { Failure } from './failure.ts'
export { type DocumentPath, type Finding, formatPath, hasErrors, type Severity, sortFindings } from './finding.ts'
export { RULES, type Rule, type RuleId } from './rules.ts'
