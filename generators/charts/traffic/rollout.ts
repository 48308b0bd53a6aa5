import type { Rollouts } from '../../definitions/index.ts'
import { parseDuration } from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'
import { ANALYSIS_ARGUMENTS, analysisTemplateName } from '../monitoring/analysis-template.ts'

/** Service of the pods that a Rollout brings in. */
export function canaryService(model: string): string {
  return `${model}-canary`
}

/**
 * `spec.strategy.canary` of a Rollout, but for its surge. `setWeight` is of requests with a route and of pods without one; each step is measured
 * before its pause.
 */
export function canary({ name, namespace }: PlannedModel, { steps, route, analysis }: Rollouts) {
  return {
    stableService: name,
    canaryService: canaryService(name),
    steps: steps.flatMap(({ weight, pause }) => [
      { setWeight: weight },
      ...(analysis
        ? [{ analysis: { templates: [{ templateName: analysisTemplateName(name) }], args: ANALYSIS_ARGUMENTS } }]
        : []),
      { pause: pause === undefined ? {} : { duration: `${Math.ceil(parseDuration(pause) / 1000)}s` } },
    ]),
    ...(route && {
      trafficRouting: {
        plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: name, namespace } },
      },
    }),
  }
}
