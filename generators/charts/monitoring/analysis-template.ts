import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import type { PlannedModel } from '../../repository/index.ts'
import * as queries from './queries.ts'
import { matches, type Scope } from './selectors.ts'
import { burnThreshold, PAGING_BURN, QUIET_BURN, type ServiceLevel, serviceLevel } from './service-level.ts'

const WINDOW = '2m'
/** Argument of the template: the hash that Argo Rollouts puts into the names of the pods of one pod template. */
const HASH_ARGUMENT = 'pod-hash'

/** What a Rollout gives to the template: the pods that are new. */
export const ANALYSIS_ARGUMENTS = [{ name: HASH_ARGUMENT, valueFrom: { podTemplateHashValue: 'Latest' } }]

/** Name of a model's AnalysisTemplate. */
export function analysisTemplateName(model: string): string {
  return model
}

/**
 * Judges the new pods of a Rollout once a minute by the model's objectives. A measurement without requests is neither a success
 * nor a failure, and pauses the Rollout when it stays so: a gap must not promote.
 * @param address Prometheus as Argo Rollouts reaches it
 */
export function analysisTemplate(
  scope: Construct,
  model: PlannedModel,
  address: string,
  labels: Record<string, string>,
): void {
  const { name, effectiveSettings } = model
  const newPods: Scope = {
    namespace: model.namespace,
    model: name,
    where: [matches('pod', `${name}-{{args.${HASH_ARGUMENT}}}-.+`)],
  }
  const objective = serviceLevel(effectiveSettings.slo)
  new ApiObject(scope, 'analysis-template', {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name: analysisTemplateName(name), labels },
    spec: {
      args: [{ name: HASH_ARGUMENT }],
      metrics: measurements(newPods, objective).map(({ name, query, success, failure }) => ({
        name,
        // The first requests of a pod are slow, and a rate needs some.
        initialDelay: '2m',
        interval: '1m',
        count: 5,
        failureLimit: 1,
        inconclusiveLimit: 2,
        successCondition: guarded(`result[0] <= ${success}`),
        failureCondition: guarded(`result[0] > ${failure}`),
        provider: { prometheus: { address, query } },
      })),
    },
  })
}

function measurements(scope: Scope, { errorBudget, slowBudget, latencySeconds }: ServiceLevel) {
  return [
    { name: 'failed-requests', query: queries.errorRatio(scope, WINDOW), ...conditions(errorBudget) },
    { name: 'slow-requests', query: queries.slowRatio(scope, latencySeconds, WINDOW), ...conditions(slowBudget) },
  ]
}

/** Between the two a measurement is inconclusive. A wide budget must still leave room for a failure. */
function conditions(budget: number): { success: number; failure: number } {
  const failure = Math.min(burnThreshold(budget, PAGING_BURN), 0.5)
  return { success: Math.min(burnThreshold(budget, QUIET_BURN), failure / 2), failure }
}

/** An empty answer and NaN (nothing divided by nothing) satisfy no condition. */
function guarded(condition: string): string {
  return `len(result) > 0 && !isNaN(result[0]) && ${condition}`
}
