export { createMonitoring, type Monitoring, type VersionIdentity, type VersionMetrics } from './monitoring.ts'
