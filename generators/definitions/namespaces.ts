/** A namespace, and so an AppProject, for each team: by `owner` of its models. */
export interface OwnerNamespaces {
  byOwner: Record<string, string>
}

/**
 * Each team's models in a namespace of their own, with the quota, limits and Pod Security of the environment, synced under an AppProject
 * that reaches no other: `byOwner({ risk: 'models-risk', growth: 'models-growth' })`. A model whose `owner` is not named is refused.
 */
export function byOwner(namespaces: Record<string, string>): OwnerNamespaces {
  return { byOwner: namespaces }
}

/** A namespace of an environment, with the team that it belongs to where each has one. */
export interface PlacedNamespace {
  namespace: string
  owner?: string
}

/** In the order of the definition; one at least. */
export function namespacesOf(namespace: string | OwnerNamespaces): PlacedNamespace[] {
  if (typeof namespace === 'string') return [{ namespace }]
  return Object.entries(namespace.byOwner).map(([owner, name]) => ({ owner, namespace: name }))
}

/** Where the models of a team run; undefined for a team without a namespace. */
export function namespaceOf(namespace: string | OwnerNamespaces, owner: string): string | undefined {
  return namespacesOf(namespace).find((place) => place.owner === undefined || place.owner === owner)?.namespace
}
