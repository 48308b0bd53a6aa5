import type { GitRepository } from '../git/index.ts'
import { forgeRepository, readLog } from '../git/index.ts'
import { lineOf, visibleJson } from '../text/index.ts'

/** A commit that another one is about. */
export interface ReferencedCommit {
  sha: string
  /** `Ada <ada@example.com>` */
  author: string
  /** ISO 8601 with the offset. */
  date: string
  subject: string
  body: string
  /** Where people find it; absent for a repository that is on no forge. */
  repoUrl?: string
}

/** The newest commit up to `revision` that changed one of the files: what brought a change to where it is now. */
export async function lastChangeOf(
  repository: GitRepository,
  remote: string,
  revision: string,
  files: readonly string[],
): Promise<ReferencedCommit | undefined> {
  const [entry] = await readLog(
    repository,
    ['%H', '%an', '%ae', '%aI', '%s', '%b'],
    ['-1', '--end-of-options', revision, '--', ...files],
  )
  if (!entry) return undefined
  const [sha = '', name = '', address = '', date = '', subject = '', body = ''] = entry.fields
  const forge = await forgeRepository(repository, remote)
  const repoUrl = forge && `https://${forge.host}/${forge.owner}/${forge.repo}`
  const author = `${quoted(name)} <${address}>`
  return { sha, author, date, subject, body: withoutGenerated(body), ...(repoUrl !== undefined && { repoUrl }) }
}

/** What Argo CD or Modelyard wrote about the former commit: repeated in each commit that refers to one, it would double every time. */
const GENERATED = /^(Argocd-reference-commit-[\w-]+|Before|After|Checked-at|Emergency|Gate-override|Modelyard-tree): /
/** Characters. A trailer is one line that people see beside the synced revision. */
const MAX_BODY = 2000

/** What a person wrote; a squash merge may have trailers of several commits anywhere in its body. */
function withoutGenerated(body: string): string {
  const kept = body.split('\n').filter((line) => !GENERATED.test(line))
  const text = kept
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  return text.length > MAX_BODY ? `${text.slice(0, MAX_BODY - 3).trimEnd()}...` : text
}

/** A name with marks of its own stands in quotes, as RFC 5322 wants it. */
function quoted(name: string): string {
  return /^[\w !#$%&'*+/=?^`{|}~\u0080-\uffff-]*$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`
}

/**
 * A message that ends in trailers: `facts` as they are, and the commit that this one is about in the words that Argo CD reads
 * and shows beside the synced revision (`Argocd-reference-commit-...`). Each is one line in which everything is seen, whatever its author
 * wrote: no text becomes a trailer of its own.
 */
export function commitMessage(
  title: string,
  facts: Record<string, string | undefined>,
  reference: ReferencedCommit | undefined,
): string {
  const argocd = reference && {
    author: lineOf(reference.author),
    sha: reference.sha,
    subject: lineOf(reference.subject),
    // Argo CD reads it as JSON, since a trailer is one line.
    body: reference.body === '' ? undefined : visibleJson(JSON.stringify(reference.body)),
    repourl: reference.repoUrl,
    date: reference.date,
  }
  const trailers = [
    ...Object.entries(facts).map(([key, value]): [string, string | undefined] => [key, value && lineOf(value)]),
    ...Object.entries(argocd ?? {}).map(([key, value]): [string, string | undefined] => [
      `Argocd-reference-commit-${key}`,
      value,
    ]),
  ]
  const lines = trailers.flatMap(([key, value]) => (value ? [`${key}: ${value}`] : []))
  return `${lineOf(title)}\n\n${lines.join('\n')}\n`
}
