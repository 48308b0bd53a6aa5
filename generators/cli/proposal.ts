import { type Command, InvalidArgumentError } from 'commander'
import { Failure } from '../findings/index.ts'
import { createGitHubForge, type Forge } from '../forges/index.ts'
import { forgeRepository, openRepository } from '../git/index.ts'
import type { JudgingOptions, Proposal, ProposalOptions } from '../promotion/index.ts'
import { formatForTerminal } from '../review/index.ts'
import { parseAddress } from './address.ts'
import { baseBranchOf } from './base-branch.ts'
import { type CommonOptions, type Context, withCommonOptions } from './context.ts'

/** Options of the commands that propose a change as a pull request. */
export interface ProposalFlags extends CommonOptions {
  remote: string
  base?: string
  repository?: string
  apiUrl?: string
  push: boolean
  verify: boolean
  dryRun?: boolean
  replaceBranch?: boolean
}

/** Options of the commands that gates judge. */
export interface GateFlags {
  override?: string[]
  reason?: string
  prometheus?: string
  memory: boolean
}

export function withGateOptions(command: Command): Command {
  return command
    .option(
      '--override <gate>',
      'let it pass although this gate says no; repeatable',
      (gate: string, all: string[] = []) => [...all, gate],
    )
    .option('--reason <text>', 'why; stands in the pull request and in the commit')
    .option(
      '--prometheus <url>',
      'ask this server instead of those in environment.ts; token: PROMETHEUS_TOKEN',
      parseAddress,
    )
    .option('--no-memory', 'do not measure the memory of both versions')
}

/** @throws Failure for an override without a reason */
export function judgingOptions({ override = [], reason, prometheus, memory }: GateFlags): JudgingOptions {
  if (override.length > 0 && !reason?.trim()) {
    throw new Failure('an override needs a reason', {
      fix: 'Add --reason "...": it stands in the pull request and in the commit.',
    })
  }
  const overrides = override.map((gate) => ({ gate, reason: reason?.trim() ?? '' }))
  return { overrides, measureMemory: memory, ...(prometheus !== undefined && { prometheus }) }
}

export function withProposalOptions(command: Command): Command {
  return withCommonOptions(
    command
      .option('--dry-run', 'decide, render, check and print; write nothing')
      .option('--no-push', 'commit to a local branch and stop there')
      .option('--no-verify', 'run none of your Git hooks (pre-commit, commit-msg, pre-push)')
      .option('--replace-branch', 'replace the branch of the change although it has commits of somebody else')
      .option('--remote <name>', 'the Git remote', 'origin')
      .option(
        '--base <branch>',
        'the branch that Argo CD reads and the pull request goes into (default: of the remote)',
      )
      .option('--repository <owner/name>', 'repository on the forge (default: GITHUB_REPOSITORY, else from the remote)')
      .option('--api-url <url>', 'API of the forge (default: GITHUB_API_URL, else of the remote); token: GITHUB_TOKEN'),
  )
}

export async function proposalOptions({ root, output }: Context, flags: ProposalFlags): Promise<ProposalOptions> {
  const dryRun = flags.dryRun ?? false
  return {
    root,
    remote: flags.remote,
    baseBranch: await baseBranchOf(root, flags.remote, flags.base),
    push: flags.push,
    dryRun,
    ...(!flags.verify && { noVerify: true }),
    ...(flags.replaceBranch && { replaceBranch: true }),
    offline: false,
    notice: (text) => output.line(`  note: ${text}`),
    forge: flags.push && !dryRun ? await forgeFor(root, flags) : undefined,
  }
}

/** The forge, when a token and a repository are known; a push without one is still worth having. */
async function forgeFor(root: string, flags: ProposalFlags): Promise<Forge | undefined> {
  if (!process.env['GITHUB_TOKEN'] && !process.env['GH_TOKEN']) return undefined
  const fromRemote = await forgeRepository(await openRepository(root), flags.remote)
  const named = flags.repository ?? process.env['GITHUB_REPOSITORY']
  const [owner, repo, ...rest] = (named ?? '').split('/')
  if (named !== undefined && (!owner || !repo || rest.length > 0)) {
    throw new Failure(`"${named}" is no repository of a forge`, { fix: 'Write --repository owner/name.' })
  }
  const repository = owner && repo ? { host: fromRemote?.host ?? 'github.com', owner, repo } : fromRemote
  if (!repository) return undefined
  return createGitHubForge({ repository, ...(flags.apiUrl !== undefined && { baseUrl: flags.apiUrl }) })
}

/** A SHA-256 digest, of a command line. */
export function parseDigest(text: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('Write sha256: and 64 hexadecimal digits.')
  return text
}

/** A share of requests, of a command line. */
export function parsePercent(text: string): number {
  const percent = Number(text)
  if (text.trim() === '' || !(percent >= 0 && percent <= 100)) throw new InvalidArgumentError('Write 0 to 100.')
  return percent
}

/** Prints a proposal for a person and for a program; `nothing` says what is true when there is none. */
export function showProposal(context: Context, proposal: Proposal<unknown> | undefined, nothing: string): void {
  context.output.data(proposal ?? { nothing })
  printProposal(context, proposal, nothing)
}

/** Prints a proposal for a person. */
export function printProposal({ output }: Context, proposal: Proposal<unknown> | undefined, nothing: string): void {
  if (!proposal) {
    output.line(nothing)
    return
  }
  const { published, body, title, files, problems } = proposal
  if (!published) {
    output.line(`${output.bold(title)}\n`)
    output.raw(process.stdout.isTTY ? formatForTerminal(body) : `${body}\n`)
    output.line(`\nDry run: nothing was written. The change has ${files.length} files:`)
    for (const file of files) output.line(`  ${file}`)
  } else {
    const { branch, commit, pushed, pullRequest, superseded, direct } = published
    output.line(output.bold(title))
    if (direct) output.line(`  pushed        ${direct.branch} at ${direct.commit.slice(0, 12)}, past review`)
    output.line(
      `  branch        ${branch} at ${commit.slice(0, 12)}${pushed ? ', pushed' : pullRequest ? ', unchanged' : ''}`,
    )
    if (pullRequest) output.line(`  pull request  #${pullRequest.number} ${pullRequest.action}: ${pullRequest.url}`)
    for (const number of superseded) output.line(`  superseded    #${number}, closed`)
  }
  for (const problem of problems) output.line(`  note: ${problem}`)
}

/** Prints a proposal that goes into a plan. */
export function printPlanned({ output }: Context, { title, files, problems }: Proposal<unknown>): void {
  output.line(output.bold(title))
  output.line(`  planned       ${files.length} files`)
  for (const problem of problems) output.line(`  note: ${problem}`)
}
