import type { GitRepository } from './git.ts'

/** All contents by one process, since a process each would cost milliseconds for every promotion there ever was. */
export async function readBlobs(repository: GitRepository, blobs: readonly string[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  if (blobs.length === 0) return texts
  const input = `${[...new Set(blobs)].join('\n')}\n`
  const output = Buffer.from(await repository.git(['cat-file', '--batch'], { input }))
  for (let offset = 0; offset < output.length; ) {
    const lineEnd = output.indexOf('\n', offset)
    const [blob = '', type, size] = output.toString('utf8', offset, lineEnd).split(' ')
    if (type !== 'blob') break
    const end = lineEnd + 1 + Number(size)
    texts.set(blob, output.toString('utf8', lineEnd + 1, end))
    offset = end + 1
  }
  return texts
}
