import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './example.ts'

/**
 * Megabytes (MiB, as du counts blocks) of the dependencies in the server's image: the `dependencies` stage of its Dockerfile,
 * its own COPY and RUN lines, in a folder of this machine. Throws where npm cannot install.
 */
export function imageDependenciesMb(scratch: string): number {
  const folder = join(scratch, 'dependencies')
  mkdirSync(folder)
  for (const [instruction, rest] of stage('dependencies')) {
    if (instruction === 'COPY') {
      const [target = '', ...sources] = rest.split(/\s+/).reverse()
      for (const source of sources) {
        const name = source.split('/').at(-1) ?? source
        mkdirSync(join(folder, target), { recursive: true })
        cpSync(join(ROOT, source), join(folder, target, name))
      }
    } else if (instruction === 'RUN') {
      execFileSync('sh', ['-c', rest], { cwd: folder, env: { ...process.env, GPU: '0' }, stdio: 'pipe' })
    }
  }
  return Number(execFileSync('du', ['-sm', 'node_modules'], { cwd: folder, encoding: 'utf8' }).split('\t')[0])
}

/** Instructions of one stage, continued lines joined. */
function stage(name: string): [string, string][] {
  const text = readFileSync(join(ROOT, 'serving', 'Dockerfile'), 'utf8')
  const part = text.split(/^FROM /m).find((lines) => new RegExp(`^\\S+ AS ${name}$`, 'm').test(lines))
  if (part === undefined) throw new Error(`serving/Dockerfile has no stage ${name}`)
  const lines = part.replaceAll('\\\n', ' ').split('\n').slice(1)
  return lines.flatMap((line): [string, string][] => {
    const [, instruction, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    return instruction === undefined || rest === undefined ? [] : [[instruction, rest]]
  })
}
