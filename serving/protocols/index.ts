export { HttpProblem } from './http-problem.ts'
export { namedProtocol } from './named.ts'
export { openInferenceProtocol } from './open-inference/routes.ts'
export { type ProtocolContext, trackServedRequests } from './request-target.ts'
