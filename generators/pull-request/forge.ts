/** An open pull request, as the forge has it. */
export interface PullRequest {
  number: number
  /** Where people read it. */
  url: string
  title: string
  body: string
}

/** What publishing needs of a forge. All branches are of one repository; every method throws `Failure`. */
export interface Forge {
  /** The open pull request from `head` into `base`, both names of branches. */
  findOpenPullRequest(head: string, base: string): Promise<PullRequest | undefined>
  /** Opens one. What did not work out besides (labels) is in `problems`. */
  createPullRequest(request: NewPullRequest): Promise<PullRequest & { problems: string[] }>
  updatePullRequest(number: number, change: { title: string; body: string }): Promise<PullRequest>
}

export interface NewPullRequest {
  head: string
  base: string
  title: string
  body: string
  labels: readonly string[]
}
