export { CHANNELS, type GrpcCallEvent, type ModelRunEvent, publishStopping } from './channels.ts'
export { type CallHeaders, traceContextOf, traceHeaders } from './trace-context.ts'
