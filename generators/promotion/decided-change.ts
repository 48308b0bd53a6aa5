import type { Finding } from '../findings/index.ts'
import { codeOwners, type Forge } from '../forges/index.ts'
import type { GateOverride } from '../gates/index.ts'
import { commitAll, findHooks, forgeRepository, type GitRepository, type Hooks } from '../git/index.ts'
import { paths } from '../repository/index.ts'
import { checkReport } from '../review/index.ts'
import { commitMessage, lastChangeOf } from './commit-message.ts'
import { branchOf, type Kind, rivalsOf } from './conflicting-pull-requests.ts'
import { EMERGENCY, type PushedBefore, publishEmergency } from './emergency.ts'
import { overrideTrailers } from './override-trailers.ts'
import { type Published, publishChange } from './publish.ts'

/** A change of a model's pin that was decided and checked, as plain data: what publishing it requires beside its files. */
export interface DecidedChange {
  kind: Kind
  model: string
  environment: string
  /** Full id: what everything was decided and checked at. */
  baseCommit: string
  title: string
  /** Markdown. */
  body: string
  /** Reference of the version or release that runs there now. */
  before?: string
  after: string
  /** The environment whose pin brought it here: the newest change of that pin is the commit that this one refers to. */
  source: string
  overrides: readonly GateOverride[]
  findings: readonly Finding[]
  /** Paths of the files that it changes. */
  files: readonly string[]
}

export interface PublishOptions {
  /** Folder whose node_modules a hook may need. */
  packagesRoot?: string
  remote: string
  baseBranch: string
  forge: Forge | undefined
  push: boolean
  noVerify?: boolean
  replaceBranch?: boolean
  /** The commit whose CODEOWNERS counts. */
  ownersAt: string
  /** Pushes it past review. */
  emergency?: { reason: string; done?: PushedBefore }
}

const LABELS: Record<Kind, string> = {
  promote: 'promotion',
  candidate: 'candidate',
  rollback: 'rollback',
  retire: 'retirement',
  image: 'serving-image',
}

/**
 * Commits the files of a decided change, as they are in a scratch work tree of its base commit, and publishes the commit. Branch, labels,
 * reviewers and trailers follow from the change. Undefined when the files are those of the base commit.
 */
export async function commitAndPublish(
  repository: GitRepository,
  directory: string,
  change: DecidedChange,
  options: PublishOptions,
): Promise<Published | undefined> {
  const { kind, model, environment, title, body, baseCommit, files, findings } = change
  const { packagesRoot, remote, baseBranch, forge, push, emergency } = options
  const facts = {
    Before: change.before,
    After: change.after,
    'Checked-at': baseCommit,
    [EMERGENCY]: emergency?.reason,
  }
  const about = await lastChangeOf(repository, remote, baseCommit, [paths.pin(change.source, model)])
  const message = commitMessage(title, facts, about) + overrideTrailers(change.overrides)
  const hooks = await findHooks(repository, packagesRoot)
  const running = options.noVerify ? {} : { hooks }
  const commit = await commitAll(repository, directory, { message, paths: files, ...running })
  if (commit === undefined) return undefined
  const { owner } = (await forgeRepository(repository, remote)) ?? {}
  const proposed = {
    repository,
    remote,
    branch: branchOf(kind, model, environment),
    baseBranch,
    baseCommit,
    commit,
    title,
    body,
    labels: [LABELS[kind], environment],
    reviewers: await codeOwners(repository, options.ownersAt, files, owner),
    check: checkReport(title, baseCommit, findings),
    rivals: rivalsOf(kind, model, environment),
    forge,
    push,
    ...running,
    ...(options.replaceBranch && { replaceBranch: true }),
  }
  const published =
    emergency === undefined || !push ? await publishChange(proposed) : await publishEmergency(proposed, emergency.done)
  const skipped = options.noVerify ? skippedHooks(hooks, push) : []
  return { ...published, problems: [...skipped, ...published.problems] }
}

function skippedHooks({ present, folder }: Hooks, push: boolean): string[] {
  const names = present.filter((name) => push || name !== 'pre-push')
  return names.length === 0 ? [] : [`hooks of ${folder} did not run (--no-verify): ${names.join(', ')}`]
}

/** A pull request that is open although there is nothing to change any more: what it wanted is on the base branch. */
export async function withdraw(
  { forge, baseBranch, notice }: Pick<PublishOptions, 'forge' | 'baseBranch'> & { notice?: (text: string) => void },
  { kind, model, environment, baseCommit }: Pick<DecidedChange, 'kind' | 'model' | 'environment' | 'baseCommit'>,
): Promise<void> {
  const open = await forge?.findOpenPullRequest(branchOf(kind, model, environment), baseBranch)
  if (!forge || !open) return
  const reason = `Nothing is left to change: ${baseBranch} has it since ${baseCommit} or before.`
  await forge.closePullRequest(open.number, reason)
  notice?.(`closed pull request #${open.number}, which has nothing left to change: ${open.url}`)
}
