import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { isInnerPath } from '../definitions/index.ts'
import { Failure, type Finding, RULES } from '../findings/index.ts'

/**
 * The first symbolic link among the folders and the file of `path`, relative to `root`; undefined where there is none. What does not
 * exist is no link.
 */
function linkOn(root: string, path: string): string | undefined {
  const parts = path.split('/')
  for (let length = 1; length <= parts.length; length++) {
    const part = parts.slice(0, length).join('/')
    if (isLink(join(root, part))) return part
  }
  return undefined
}

/** False for what does not exist, or is below a file. */
export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** Why `path` is not followed; undefined for one that stays in `root`. */
function problemOf(root: string, path: string): { message: string; fix: string } | undefined {
  if (!isInnerPath(path)) {
    return {
      message: `invalid path: ${JSON.stringify(path)} leads out of its folder`,
      fix: 'Write a relative path with forward slashes, without "." and "..".',
    }
  }
  const link = linkOn(root, path)
  if (link === undefined) return undefined
  return {
    message: `${link} is a symbolic link`,
    fix: 'Replace the link by the file or folder itself: a link may lead out of the repository.',
  }
}

/**
 * The absolute path of what a repository holds at `path`. Every path that a file, a graph or a name decides goes through here before
 * it is read or written.
 * @throws Failure for one that leads out of `root`, by its own words or by a symbolic link
 */
export function innerPath(root: string, path: string): string {
  const problem = problemOf(root, path)
  if (problem) throw new Failure(problem.message, { fix: problem.fix })
  return join(root, path)
}

/** The same as a finding, where one file must not keep the others from being read. */
export function pathFindings(root: string, path: string): Finding[] {
  const problem = problemOf(root, path)
  return problem ? [{ rule: 'path-outside', severity: 'error', ...problem, file: path, line: 1 }] : []
}

/** The same for what is read as a file, or listed as a folder: what is there must be one. What does not exist has no finding. */
export function kindFindings(root: string, path: string, kind: 'file' | 'folder'): Finding[] {
  const findings = pathFindings(root, path)
  if (findings.length > 0) return findings
  const stats = lstatSync(join(root, path), { throwIfNoEntry: false })
  if (!stats || (kind === 'file' ? stats.isFile() : stats.isDirectory())) return []
  const message = `is no ${kind === 'file' ? 'regular file' : 'folder'}`
  return [{ rule: 'path-outside', severity: 'error', message, fix: RULES['path-outside'].repair, file: path, line: 1 }]
}
