import type { Finding } from '../findings/index.ts'
import { RULES } from '../findings/index.ts'
import { interfaceChanges, type Plan, paths, type Repository, requestChanges } from '../repository/index.ts'

/** A candidate takes what the stable version takes; and, unless it is a shadow whose answers nobody gets, answers alike. */
export function checkCandidates(repository: Repository, plan: Plan): Finding[] {
  return plan.environments.flatMap(({ definition, models }) =>
    models.flatMap(({ name, stable, candidate }): Finding[] => {
      if (!candidate) return []
      const changes = candidate.mode === 'shadow' ? requestChanges : interfaceChanges
      const breaking = changes(stable.facts.interface, candidate.version.facts.interface).filter(
        ({ kind }) => kind === 'breaking',
      )
      if (breaking.length === 0) return []
      const said = breaking.map(({ message }) => message).join('; ')
      const rule = 'candidate-interface-compatible'
      const pin = repository.environments.get(definition.name)?.pins.get(name)
      const line = pin?.lineOf(['candidate', 'release']) ?? 1
      const message = `callers of ${stable.reference} are not served by ${candidate.version.reference}: ${said}`
      return [
        {
          rule,
          severity: 'error',
          message,
          file: paths.pin(definition.name, name),
          line,
          path: 'candidate.release',
          fix: RULES[rule].repair,
        },
      ]
    }),
  )
}
