/** What a pod and the server agree on: ports, paths and probes. */
export const POD = {
  port: 8080,
  portName: 'http',
  /** Where gRPC listens when it is on. */
  grpcPort: 8081,
  grpcPortName: 'grpc',
  /** Where probes and metrics are when they have a port of their own. */
  managementPort: 8082,
  managementPortName: 'management',
  bootDirectory: '/etc/modelyard/boot',
  bootFile: 'boot.json',
  routingDirectory: '/etc/modelyard/routing',
  routingFile: 'routing.json',
  /** Artifacts by digest: `<cacheDirectory>/sha256/<hex>`. */
  cacheDirectory: '/var/cache/modelyard',
  /** Salt and token of the prediction log, each a file. */
  predictionLogDirectory: '/etc/modelyard/prediction-log',
  temporaryDirectory: '/tmp',
  /** 200 while the event loop turns. */
  livenessPath: '/healthz',
  /** 200 once loading has ended, whether each model was loaded or refused; 503 before. */
  startupPath: '/startupz',
  /** 200 while at least one stable version answers and the server is not draining; the body names each model's state. */
  readinessPath: '/readyz',
  metricsPath: '/metrics',
} as const
