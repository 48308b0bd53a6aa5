export type { Drift, DriftCounts } from './drift/drift-exposition.ts'
export { createMonitoring, type Monitoring, type VersionIdentity, type VersionMetrics } from './monitoring.ts'
export type { PredictionLogMetrics } from './prediction-log-metrics.ts'
export type { Timing, VersionStatistics } from './statistics.ts'
