import type { GrpcOptions, GrpcServer } from './start-grpc-server.ts'

/** `listenGrpc`, loaded now: a server without gRPC does not pay for it. */
export async function startGrpcServer(options: GrpcOptions): Promise<GrpcServer> {
  const { listenGrpc } = await import('./start-grpc-server.ts')
  return listenGrpc(options)
}
