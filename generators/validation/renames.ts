import type { Finding } from '../findings/index.ts'
import type { LoadedEnvironment, LoadedModel, Repository } from '../repository/index.ts'

/** Names that were given up for others, the former by the new one. */
export interface Renames {
  models: Map<string, string>
  environments: Map<string, string>
}

/**
 * Models and environments that are gone while another that is new has what they had: a model with an artifact of theirs, an environment
 * whose pins name a release of theirs. Nothing that nothing ran counts.
 */
export function renamesOf(base: Repository, now: Repository): Renames {
  const added = <T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>) =>
    [...after].flatMap(([name, item]) => (before.has(name) ? [] : [item]))
  const models = new Map<string, string>()
  for (const former of base.models.values()) {
    const isPinned = [...base.environments.values()].some(({ pins }) => pins.has(former.name))
    if (now.models.has(former.name) || !isPinned) continue
    const heir = added(base.models, now.models).find((model) => shares(artifactsOf(former), artifactsOf(model)))
    if (heir) models.set(former.name, heir.name)
  }
  const environments = new Map<string, string>()
  for (const [name, former] of base.environments) {
    if (now.environments.has(name)) continue
    const heir = added(base.environments, now.environments).find((one) => shares(pinned(former), pinned(one)))
    if (heir) environments.set(name, heir.definition.value.name)
  }
  return { models, environments }
}

/** One finding for each name, at the definition that has the new one. */
export function renameFindings({ models, environments }: Renames, now: Repository): Finding[] {
  return [
    ...[...models].flatMap(([from, to]) => {
      const message = `${from} is gone and ${to} has its artifacts: a model's name is that of its Service, its gates and its history, so callers of ${from} get no answer and ${to} starts without a champion`
      const fix = `Keep ${from}, add ${to} beside it, promote it, move the callers, then retire ${from}: docs/registering.md, "Rename a model".`
      return renamed(now.models.get(to)?.definition, message, fix)
    }),
    ...[...environments].flatMap(([from, to]) => {
      const message = `${from} is gone and ${to} has its pins: an environment's name is that of its Applications, so everything that ${from} runs stops before ${to} has started`
      const fix = `Keep ${from}, add ${to} beside it, move the callers, then remove ${from}: docs/environments.md, "Rename an environment".`
      return renamed(now.environments.get(to)?.definition, message, fix)
    }),
  ]
}

function renamed(
  definition: { file: string; lineOf(path: readonly (string | number)[]): number | undefined } | undefined,
  message: string,
  fix: string,
): Finding[] {
  if (!definition) return []
  const line = definition.lineOf(['name']) ?? 1
  return [{ rule: 'name-changed', severity: 'error', message, file: definition.file, line, path: 'name', fix }]
}

function shares(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...some].some((one) => others.has(one))
}

function artifactsOf({ versions }: LoadedModel): Set<string> {
  return new Set([...versions.values()].map(({ value }) => value.bundle.model.sha256))
}

/** What runs there, whatever the model is called. */
function pinned({ pins }: LoadedEnvironment): Set<string> {
  return new Set([...pins].map(([model, { value }]) => `${model} ${value.stable}`))
}
