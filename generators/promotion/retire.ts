import { namespaceOf } from '../definitions/index.ts'
import { recipientsOf, requestsAnswered } from '../observe/index.ts'
import { planRetirement, promotedFrom } from '../pins/index.ts'
import type { RetirementReport } from '../review/index.ts'
import { describeRetirement, renderedChanges, runningVersion } from '../review/index.ts'
import { type Proposal, type ProposalOptions, propose } from './propose.ts'

/** Over how long callers are counted: a weekly batch job is a caller too. */
const CALLERS_DURING = '7d'

/** Ends a model in an environment. Where its Prometheus can be asked, the pull request says how much it is still called, and how. */
export async function retire(
  request: { model: string; environment: string; reason?: string; prometheus?: string },
  options: ProposalOptions,
): Promise<Proposal<RetirementReport> | undefined> {
  const { model, environment, reason, prometheus } = request
  return propose(
    options,
    { kind: 'retire', model, environment },
    {
      decide: async (repository, plan) => planRetirement(repository, plan, request),
      describe: async (change, applied, baseCommit) => {
        const { from } = change
        const definition = applied.repository.environments.get(environment)?.definition.value
        const namespace = from && definition && namespaceOf(definition.namespace, from.sealedSettings.owner)
        if (!from || !definition || namespace === undefined) throw new Error(`${model} did not run in ${environment}`)
        const address = prometheus ?? definition.prometheus
        const recipients = recipientsOf(applied.repository, 'the base branch', [prometheus])
        const report: RetirementReport = {
          model,
          environment,
          from: runningVersion(from),
          ...(reason !== undefined && { reason }),
          callers:
            address === undefined
              ? {
                  unknown: `no Prometheus of ${environment} is known: prometheus in its environment.ts, or --prometheus`,
                }
              : await requestsAnswered({ address, recipients }, { model, namespace }, CALLERS_DURING),
          runsOn: promotedFrom(applied.plan, request).map((other) => ({
            environment: other.environment.name,
            version: runningVersion(other.stable),
          })),
          undo: { command: `modelyard rollback ${model} --env ${environment}`, isJudged: false },
          ...renderedChanges(change, applied),
          baseCommit,
        }
        return { report, ...describeRetirement(report) }
      },
    },
  )
}
