import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Where a schema came from: enough to fetch the same bytes again and to see that they are the same. */
export interface Provenance {
  module: string
  version: string
  /** Go's own module hash (`h1:...`), as in go.sum. */
  sum: string
  /** Path inside the module -> sha256 of the file. */
  files: Record<string, string>
}

/** A Go module in the local module cache, downloaded when it is missing. */
export interface Source {
  provenance: Provenance
  /** Text of one file of the module; its digest goes into the provenance. */
  read(path: string): string
  /** Paths of the files in a folder of the module, sorted; the path itself when it is a file. */
  files(path: string): string[]
}

/** Needs `go` on the PATH; the checks themselves do not. */
export function openModule(module: string, version: string): Source {
  const answer = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], {
    encoding: 'utf8',
    // Outside any module, so that no go.mod of this tree is read or changed.
    cwd: '/',
  })
  const { Dir: folder, Sum: sum } = JSON.parse(answer) as { Dir: string; Sum: string }
  const provenance: Provenance = { module, version, sum, files: {} }
  return {
    provenance,
    read(path) {
      const bytes = readFileSync(join(folder, path))
      provenance.files[path] = createHash('sha256').update(bytes).digest('hex')
      return bytes.toString('utf8')
    },
    files(path) {
      if (statSync(join(folder, path)).isFile()) return [path]
      return readdirSync(join(folder, path))
        .sort()
        .map((name) => `${path}/${name}`)
    },
  }
}
