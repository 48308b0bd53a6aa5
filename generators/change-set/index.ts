export { evaluateGate, evaluateThreshold, formatMetric, type GateResult, type Metrics } from './gates.ts'
