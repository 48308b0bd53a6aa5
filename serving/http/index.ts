export { addManagementRoutes, addRoutes } from './add-routes.ts'
export { createHttpServer, type LoggerOption } from './create-http-server.ts'
export { drain } from './drain.ts'
export type { ServerState } from './server-state.ts'
