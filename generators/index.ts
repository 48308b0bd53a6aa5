/** The public API: the vocabulary of definitions, and the constructs for those who place a model in a cdk8s App of their own. */

export { ArgoCdChart, BootstrapChart, EnvironmentChart, ModelChart } from './charts/index.ts'
export * from './definitions/vocabulary.ts'
export { Failure, type Finding } from './findings/index.ts'
export { loadPlan, type Plan, type PlannedEnvironment, type PlannedModel } from './repository/index.ts'
