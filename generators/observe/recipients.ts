import type { ArtifactStore } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import { isLoopback, openRepository, withScratchWorktree } from '../git/index.ts'
import { loadRepository, type Repository } from '../repository/index.ts'

/** Tokens of the environment for servers that the repository names. */
export type TokenVariable = 'PROMETHEUS_TOKEN' | 'ARGOCD_AUTH_TOKEN'

/**
 * The servers that may get a token. A work tree or a pull request can name any address; only what the base branch names, or the
 * caller typed, is where the token belongs.
 */
export interface TokenRecipients {
  /** Who named them, for messages: `origin/main`. */
  namedBy: string
  origins: ReadonlySet<string>
}

/** The Prometheus and Argo CD servers of every environment, and what was typed as an option. */
export function recipientsOf(
  repository: Repository | undefined,
  namedBy: string,
  typed: readonly (string | undefined)[] = [],
): TokenRecipients {
  const definitions = [...(repository?.environments.values() ?? [])].map(({ definition }) => definition?.value)
  const named = definitions.flatMap((definition) => [definition?.prometheus, definition?.argocd.server])
  return { namedBy, origins: new Set([...named, ...typed].flatMap((address) => originOf(address) ?? [])) }
}

/**
 * The recipients for a command that reads a work tree: what `base` names. The base is only loaded when a token is set; without
 * such a commit nothing but what was typed is a recipient.
 */
export async function recipientsAt(
  root: string,
  base: string,
  typed: readonly (string | undefined)[] = [],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<TokenRecipients> {
  if (!environment['PROMETHEUS_TOKEN'] && !environment['ARGOCD_AUTH_TOKEN']) return recipientsOf(undefined, base, typed)
  try {
    const git = await openRepository(root)
    return await withScratchWorktree(git, base, async (directory) =>
      recipientsOf(await loadRepository(directory, { packagesRoot: root }), base, typed),
    )
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return recipientsOf(undefined, base, typed)
  }
}

/**
 * The stores of environments as `base` names them: what asks them has the credentials of this machine. Empty where there is no such commit.
 */
export async function storesAt(root: string, base: string): Promise<Map<string, ArtifactStore>> {
  try {
    const git = await openRepository(root)
    return await withScratchWorktree(git, base, async (directory) => {
      const { environments } = await loadRepository(directory, { packagesRoot: root })
      return new Map([...environments].map(([name, { definition }]) => [name, definition.value.artifacts]))
    })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return new Map()
  }
}

/** The token for a server, or why it is not sent although it is set. Neither where none is set. */
export function tokenFor(
  variable: TokenVariable,
  address: string,
  { namedBy, origins }: TokenRecipients,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { token?: string; withheld?: string } {
  const token = environment[variable]
  if (!token) return {}
  const origin = originOf(address)
  if (origin === undefined || !origins.has(origin)) {
    return { withheld: `${variable} was not sent: ${namedBy} does not name this address` }
  }
  const url = new URL(address)
  if (url.protocol !== 'https:' && !isLoopback(url)) {
    return { withheld: `${variable} was not sent: the address is not https://` }
  }
  return { token }
}

function originOf(address: string | undefined): string | undefined {
  return address !== undefined && URL.canParse(address) ? new URL(address).origin : undefined
}
