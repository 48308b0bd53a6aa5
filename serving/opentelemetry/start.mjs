import { subscribe } from 'node:diagnostics_channel'
import { NodeSDK, resources } from '@opentelemetry/sdk-node'
import { recordGrpcCalls } from './grpc-calls.mjs'
import { recordHttpRequests } from './http-requests.mjs'
import { recordModelRuns } from './model-runs.mjs'

// The server's metrics are Prometheus's and its log is its standard output: only traces go out unless somebody asks for more.
process.env.OTEL_METRICS_EXPORTER ??= 'none'
process.env.OTEL_LOGS_EXPORTER ??= 'none'
process.env.OTEL_SERVICE_NAME ??= 'modelyard-serving'

// Of the process itself nothing is told but what the environment says (OTEL_RESOURCE_ATTRIBUTES): no path, user or arguments.
const sdk = new NodeSDK({ instrumentations: [], resourceDetectors: [resources.envDetector] })
sdk.start()
recordHttpRequests()
recordGrpcCalls()
recordModelRuns()

subscribe('modelyard-serving:stopping', ({ waitFor }) => waitFor(sdk.shutdown()))
