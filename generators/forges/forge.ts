import type { Finding } from '../findings/index.ts'

/** An open pull request, as the forge has it. */
export interface PullRequest {
  number: number
  /** Where people read it. */
  url: string
  title: string
  body: string
  /** Who opened it: nobody is asked to review what is their own. */
  author: string
  labels: string[]
  /** Who is asked to review it and has not answered yet: users, and teams by their short name. */
  reviewers: string[]
}

/** What publishing needs of a forge. All branches are of one repository; every method throws `Failure`. */
export interface Forge {
  /** The open pull request from `head` into `base`, both names of branches. */
  findOpenPullRequest(head: string, base: string): Promise<PullRequest | undefined>
  createPullRequest(request: NewPullRequest): Promise<PullRequest>
  updatePullRequest(number: number, change: { title: string; body: string }): Promise<PullRequest>
  /** Says why, once, and closes. */
  closePullRequest(number: number, reason: string): Promise<void>
  addLabels(number: number, labels: readonly string[]): Promise<void>
  /** Asks those who were not asked yet, neither the author nor who has reviewed already. */
  requestReviews(pull: PullRequest, reviewers: Reviewers): Promise<void>
  /** Shows the verdict at a commit, with findings at their lines where the forge can. Saying it again changes nothing. */
  reportCheck(commit: string, check: CheckReport): Promise<void>
}

export interface NewPullRequest {
  head: string
  base: string
  title: string
  body: string
}

export interface Reviewers {
  users: readonly string[]
  /** Short names, of the repository's owner. */
  teams: readonly string[]
}

/** What one run found out about a commit. */
export interface CheckReport {
  /** `modelyard/promotion`: a later report of the same name replaces it. */
  name: string
  /** One line. */
  title: string
  /** Markdown. */
  summary: string
  findings: readonly Finding[]
}
