/** The public API: the vocabulary of definitions, and the constructs for those who place a model in a cdk8s App of their own. */
export {
  category,
  columns,
  type DefinedEnvironment,
  type DefinedModel,
  defineEnvironment,
  defineModel,
  type EnvironmentDefinition,
  features,
  files,
  gatewayApi,
  hpa,
  https,
  ingress,
  integer,
  keda,
  type ModelDefinition,
  metric,
  mlflow,
  number,
  oci,
  override,
  prometheusOperator,
  replicas,
  rollouts,
  s3,
  serverSplit,
  tensor,
  vpa,
} from './define/index.ts'
export { Failure, type Finding } from './findings/index.ts'
export { ArgoCdChart, BootstrapChart, EnvironmentChart, ModelChart } from './objects/index.ts'
export { loadPlan, type Plan, type PlannedEnvironment, type PlannedModel } from './plan/index.ts'
