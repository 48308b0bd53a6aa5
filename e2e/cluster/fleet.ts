import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ExampleClone, REPOSITORY } from '../../generators/testing/example-repository.ts'
import { freePorts, start, until } from './processes.ts'

/** The only cluster that a test has, as an Argo CD inside of it names it. */
const IN_CLUSTER = 'https://kubernetes.default.svc'

/** The example repository behind a Git server, with every environment in one cluster. */
export interface Fleet {
  modelyard(...args: string[]): Promise<string>
  /** Commits everything and pushes it to main; gives the commit. */
  push(message: string): Promise<string>
  /** What a person's merge of a pull request does; gives the commit. */
  merge(branch: string): Promise<string>
  /** Replaces dist/ by the one of another commit of this repository. */
  takeDist(commit: string): void
}

/** @param folder of the run: log and process of the Git server */
export async function prepareFleet(example: ExampleClone, folder: string): Promise<Fleet> {
  const git = async (...args: string[]) => (await example.git.git(args)).trim()
  const url = await startGitServer(example, folder)
  await git('remote', 'set-url', 'origin', url)
  // A link here, where a person has a folder that .gitignore names.
  appendFileSync(join(example.root, '.git/info/exclude'), 'node_modules\n')

  const shared = 'environments/shared.ts'
  example.write(shared, example.read(shared).replace(/repoURL: '[^']+'/, `repoURL: '${url}'`))
  for (const environment of Object.keys(example.tree('environments')).filter((file) =>
    file.endsWith('/environment.ts'),
  )) {
    example.write(environment, example.read(environment).replace(/server: '[^']+'/, `server: '${IN_CLUSTER}'`))
  }

  const fleet: Fleet = {
    async modelyard(...args) {
      const { code, stdout, stderr } = await example.modelyard(args)
      if (code !== 0) throw new Error(`modelyard ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`)
      return stdout
    },
    async push(message) {
      await git('add', '--all')
      await git('commit', '--quiet', '--allow-empty', '--message', message)
      await git('push', '--quiet', 'origin', 'HEAD:main')
      return await git('rev-parse', 'HEAD')
    },
    async merge(branch) {
      await git('fetch', '--quiet', 'origin')
      await git('merge', '--quiet', '--no-ff', '--message', `Merge ${branch}`, `origin/${branch}`)
      await git('push', '--quiet', 'origin', 'HEAD:main')
      return await git('rev-parse', 'HEAD')
    },
    takeDist(commit) {
      rmSync(`${example.root}/dist`, { recursive: true, force: true })
      const archive = execFileSync('git', ['archive', commit, 'dist'], { cwd: REPOSITORY, maxBuffer: 2 ** 28 })
      execFileSync('tar', ['-x', '-C', example.root], { input: archive })
      const files = example.tree('dist')
      const [, from = ''] = /repoURL: (\S+)/.exec(Object.values(files).join('\n')) ?? []
      for (const [file, text] of Object.entries(files)) {
        if (!/^kind: (Application|AppProject|ApplicationSet)$/m.test(text)) continue
        example.write(file, text.replaceAll(from, url).replaceAll(/server: https:\S+/g, `server: ${IN_CLUSTER}`))
      }
    },
  }
  return fleet
}

/** The commit before the last one that changed dist/; undefined where the history does not reach that far. */
export function formerCommit(): string | undefined {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' }).trim()
  try {
    const [last = ''] = git('log', '--format=%H', '-1', '--', 'dist').split('\n')
    return git('rev-parse', '--verify', '--quiet', `${last}^`)
  } catch {
    return undefined
  }
}

/** Address of the clone's remote, which anybody on this machine may push to. */
async function startGitServer(example: ExampleClone, folder: string): Promise<string> {
  execFileSync('git', ['config', 'http.receivepack', 'true'], { cwd: example.remote })
  const [port = 0] = await freePorts(1)
  const program = fileURLToPath(new URL('git-server.ts', import.meta.url))
  const args = ['--import', import.meta.resolve('tsx'), program, dirname(example.remote), `${port}`, folder]
  const server = start(folder, 'git-server', process.execPath, args)
  const url = `http://127.0.0.1:${port}/${basename(example.remote)}`
  const answers = async () => (await fetch(`${url}/info/refs?service=git-upload-pack`)).ok
  await until('the Git server answers', answers, { seconds: 60, process: server })
  return url
}
