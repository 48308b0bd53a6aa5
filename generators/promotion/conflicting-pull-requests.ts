import { Failure } from '../findings/index.ts'
import type { Forge, PullRequest } from '../forges/index.ts'
import type { Change } from './publish.ts'

/** Another branch that changes the same as ours does. */
export interface Rival {
  branch: string
  /** True: its open pull request keeps ours from being opened, as a rollback does a promotion. */
  goesFirst: boolean
}

/** The open pull request of a rival. */
export interface OpenRival extends Rival {
  pull: PullRequest
}

/** What changes a model's pin, the most urgent first; each has a branch of its own. */
const KINDS = ['rollback', 'retire', 'candidate', 'promote', 'image'] as const

export type Kind = (typeof KINDS)[number]

/** These are decided by a person who sees something wrong; the others can be run by a schedule. */
const URGENT: readonly string[] = ['rollback', 'retire']

/** The branch of a change of a model's pin: the same for the same model, environment and kind. */
export function branchOf(kind: Kind, model: string, environment: string): string {
  return `${kind}/${model}/${environment}`
}

/**
 * The other branches of the same model and environment. One of them has a pull request open at most: the last run closes the
 * others, but nothing closes a rollback or a retirement except one of these, and a new image for all models closes nothing.
 */
export function rivalsOf(kind: Kind, model: string, environment: string): Rival[] {
  return KINDS.filter((other) => other !== kind).map((other) => ({
    branch: branchOf(other, model, environment),
    goesFirst: kind === 'image' || (URGENT.includes(other) && !URGENT.includes(kind)),
  }))
}

export async function openRivals(
  { rivals = [], baseBranch, rivalsInto = baseBranch }: Pick<Change, 'rivals' | 'baseBranch' | 'rivalsInto'>,
  forge: Forge,
): Promise<OpenRival[]> {
  const found = await Promise.all(
    rivals.map(async (rival) => ({ ...rival, pull: await forge.findOpenPullRequest(rival.branch, rivalsInto) })),
  )
  return found.filter((rival): rival is OpenRival => rival.pull !== undefined)
}

/** @throws Failure when an open pull request goes before ours */
export function refuseBehind(rivals: readonly OpenRival[], branch: string): void {
  const first = rivals.find(({ goesFirst }) => goesFirst)
  if (!first) return
  throw new Failure(`${branch} was not pushed: pull request #${first.pull.number} (${first.pull.title}) is open`, {
    fix: `Merge or close it first: ${first.pull.url}`,
  })
}

/** Closes them with the reason; the numbers of those that were. One that stays open is closed by the next run. */
export async function closeSuperseded(forge: Forge, rivals: readonly OpenRival[], reason: string): Promise<number[]> {
  const closed: number[] = []
  for (const { pull } of rivals) {
    await forge.closePullRequest(pull.number, reason)
    closed.push(pull.number)
  }
  return closed
}

/** For what is told as data: a bug stays an exception. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  throw error
}
