/**
 * What a definition imports as `modelyard`: functions that return plain data. Nothing here may need a package or Node, since
 * definitions are evaluated where there is neither.
 */
export { files, https, imageVolumes, mlflow, oci, s3 } from './artifact-store.ts'
export { hpa, keda, vpa } from './autoscaling.ts'
export { externalSecret, sealedSecrets, workloadIdentity } from './credentials.ts'
export {
  type DefinedEnvironment,
  defineEnvironment,
  type EnvironmentDefinition,
  override,
} from './environment.ts'
export { freeze } from './environment-gates.ts'
export { category, columns, features, integer, number, tensor } from './features.ts'
export { advisory, evaluation, latency, memory, metric } from './gates.ts'
export { type DefinedModel, defineModel, type ModelDefinition } from './model.ts'
export { prometheusOperator } from './monitoring.ts'
export { byOwner } from './namespaces.ts'
export { gpu } from './safety.ts'
export { gatewayApi, ingress, replicas, rollouts, serverSplit } from './traffic.ts'
