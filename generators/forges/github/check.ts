import { Failure, type Finding, hasErrors, type Severity } from '../../findings/index.ts'
import { lineOf, visibleMarkdown, visibleText } from '../../text/index.ts'
import type { CheckReport } from '../forge.ts'
import type { GitHubClient } from './client.ts'

/** GitHub takes no more annotations in one request. */
const MOST_ANNOTATIONS = 50
/** GitHub's limit of a commit status' description, in characters. */
const MAX_DESCRIPTION = 140
/** GitHub's limit of a check run's summary, in characters. */
const MAX_SUMMARY = 65_535

const LEVELS: Record<Severity, 'failure' | 'warning' | 'notice'> = {
  error: 'failure',
  warning: 'warning',
  info: 'notice',
}

/**
 * A check run with findings as annotations. Only a GitHub App may write one: with another token, and on forges that have none, a
 * commit status.
 * @throws Failure when the forge takes neither.
 */
export async function reportCheck(client: GitHubClient, commit: string, given: CheckReport): Promise<void> {
  const check = { ...given, title: lineOf(given.title), summary: visibleMarkdown(given.summary) }
  const { attempt } = client
  try {
    await attempt('report a check', () => writeCheckRun(client, commit, check))
  } catch (error) {
    const isClosed = error instanceof Failure && (error.code === 'forge-forbidden' || error.code === 'forge-not-found')
    if (!isClosed) throw error
    await attempt('set a commit status', () => writeStatus(client, commit, check))
  }
}

async function writeCheckRun({ rest, owner, repo }: GitHubClient, commit: string, check: CheckReport): Promise<void> {
  const { name, title, summary, findings } = check
  const conclusion = hasErrors(findings) ? 'failure' : findings.length > 0 ? 'neutral' : 'success'
  const here = { owner, repo }
  const { data } = await rest.checks.listForRef({ ...here, ref: commit, check_name: name, filter: 'latest' })
  if (data.check_runs.some((run) => run.conclusion === conclusion && run.output.title === title)) return

  const annotations = findings.flatMap(annotation)
  const batch = (from: number) => annotations.slice(from, from + MOST_ANNOTATIONS)
  const output = { title, summary: summary.slice(0, MAX_SUMMARY) }
  const created = await rest.checks.create({
    ...here,
    name,
    head_sha: commit,
    status: 'completed',
    conclusion,
    output: { ...output, annotations: batch(0) },
  })
  for (let from = MOST_ANNOTATIONS; from < annotations.length; from += MOST_ANNOTATIONS) {
    const more = { ...output, annotations: batch(from) }
    await rest.checks.update({ ...here, check_run_id: created.data.id, output: more })
  }
}

/** What names no file stands in the summary alone. */
function annotation({ rule, severity, file, line = 1, message, fix }: Finding) {
  if (file === undefined) return []
  const text = fix === undefined ? message : `${message}\n${fix}`
  return [
    {
      path: file,
      start_line: line,
      end_line: line,
      annotation_level: LEVELS[severity],
      title: rule,
      message: visibleText(text),
    },
  ]
}

async function writeStatus({ rest, owner, repo }: GitHubClient, commit: string, check: CheckReport): Promise<void> {
  const { name, title, findings } = check
  const here = { owner, repo }
  const state = hasErrors(findings) ? ('failure' as const) : ('success' as const)
  const description = title.slice(0, MAX_DESCRIPTION)
  // Each status stays in a list of which the newest counts, and the list is limited.
  const { data } = await rest.repos.getCombinedStatusForRef({ ...here, ref: commit, per_page: 100 })
  // Gitea gives null for none.
  if (data.statuses?.some((status) => status.context === name && status.description === description)) return
  await rest.repos.createCommitStatus({ ...here, sha: commit, state, context: name, description })
}
