export { type CallHeaders, traceContextOf, traceHeaders } from './trace-context.ts'
