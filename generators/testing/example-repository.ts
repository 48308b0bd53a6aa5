import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseReference } from '../definitions/index.ts'
import { createScratchRepository, type GitRepository, openRepository } from '../git/index.ts'
import { applyChanges, compareWithDist, renderManifests } from '../manifests/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'

/** The repository that these tests are part of. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

/** A copy of this repository's models/, environments/ and dist/ that a test may change as it likes. */
export interface ExampleRepository {
  root: string
  read(file: string): string
  write(file: string, text: string): void
  remove(file: string): void
  /** Replaces a text that must be there. */
  edit(file: string, from: string, to: string): void
  /** 1-based line of the first occurrence of a text. */
  lineOf(file: string, text: string): number
  /** Content by path of every file below a folder. */
  tree(folder: string): Record<string, string>
  /** The release that a pin names now. */
  stable(environment: string, model: string): string
  /** The same with the digest of its content, as the pin has it. */
  pinned(environment: string, model: string): string
  /** Runs `modelyard <args>` in a process of its own, inside the copy, without a token unless `env` brings one. */
  modelyard(args: string[], env?: Record<string, string>): Promise<CommandResult>
}

export interface ExampleClone extends ExampleRepository {
  git: GitRepository
  /** The bare repository that is its `origin`. */
  remote: string
}

const MAIN = join(REPOSITORY, 'generators/cli/main.ts')
const TSX = import.meta.resolve('tsx')
const TOKENS = ['GITHUB_TOKEN', 'GH_TOKEN', 'GITHUB_API_URL', 'GITHUB_REPOSITORY']

/** Calls `test` with a fresh copy and removes it afterwards. */
export async function withExample(test: (example: ExampleRepository) => Promise<void>): Promise<void> {
  await withCopyOf(await files(), (root) => test(exampleIn(root)))
}

/** The same as the first commit of a clone, with a bare repository as its remote. */
export async function withExampleClone(test: (example: ExampleClone) => Promise<void>): Promise<void> {
  await withCopyOf(await clone(), async (root) => {
    const remote = join(dirname(root), 'origin.git')
    const git = await openRepository(root)
    await git.git(['remote', 'set-url', 'origin', remote])
    await test({ ...exampleIn(root), git, remote })
  })
}

async function withCopyOf(template: string, test: (root: string) => Promise<void>): Promise<void> {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'modelyard-example-')))
  const root = join(top, 'repository')
  try {
    cpSync(template, top, { recursive: true })
    symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'), 'junction')
    await test(root)
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}

/** One copy for the whole run, synthesized, so that a test of one command does not depend on the state of dist/ here. */
const files = once(async () => {
  const top = templateFolder()
  const root = join(top, 'repository')
  copyRepository(REPOSITORY, root)
  const repository = await loadRepository(root, { packagesRoot: REPOSITORY })
  await applyChanges(root, await compareWithDist(root, renderManifests(resolvePlan(repository)), {}))
  return top
})

const clone = once(async () => {
  const top = templateFolder()
  cpSync(await files(), top, { recursive: true })
  const { git } = await createScratchRepository(join(top, 'repository'), join(top, 'origin.git'))
  // One pack is copied much faster than hundreds of loose objects.
  for (const directory of [join(top, 'repository'), join(top, 'origin.git')]) {
    await git(['repack', '-a', '-d', '--quiet'], { directory })
  }
  return top
})

function templateFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'modelyard-template-')))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function once<T>(create: () => Promise<T>): () => Promise<T> {
  let created: Promise<T> | undefined
  return () => {
    created ??= create()
    return created
  }
}

function copyRepository(from: string, to: string): void {
  const filter = (source: string) => !/[\\/](train|_training)$/.test(source)
  for (const folder of ['.github', 'models', 'environments', 'dist'].filter((name) => existsSync(join(from, name)))) {
    cpSync(join(from, folder), join(to, folder), { recursive: true, filter })
  }
}

function exampleIn(root: string): ExampleRepository {
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  const pinned = (environment: string, model: string) =>
    /^stable: "?([^\s"]+)/m.exec(read(`environments/${environment}/pins/${model}.yaml`))?.[1] ?? ''
  return {
    root,
    read,
    write,
    remove: (file) => rmSync(join(root, file), { recursive: true }),
    edit(file, from, to) {
      const text = read(file)
      if (!text.includes(from)) throw new Error(`${file} does not hold ${JSON.stringify(from)}`)
      write(
        file,
        text.replace(from, () => to),
      )
    },
    lineOf(file, text) {
      const index = read(file).indexOf(text)
      if (index < 0) throw new Error(`${file} does not hold ${JSON.stringify(text)}`)
      return read(file).slice(0, index).split('\n').length
    },
    tree: (folder) => treeOf(root, folder),
    stable: (environment, model) => parseReference(pinned(environment, model)).name,
    pinned,
    modelyard: (args, env = {}) => run(root, args, env),
  }
}

function treeOf(root: string, folder: string): Record<string, string> {
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  // Latin 1 keeps every byte, so that equal text means equal bytes.
  return Object.fromEntries(files.map((file) => [file.slice(root.length + 1), readFileSync(file, 'latin1')]))
}

/** Lets development, staging and production keep artifacts in stores of three kinds at one address, `host:port`; gives the names of the three. */
export function useStoresAt(host: string, { edit }: ExampleRepository): string[] {
  const stores = {
    development: `s3('bucket', { endpoint: 'http://${host}' })`,
    staging: `oci('${host}/models')`,
    production: `mlflow('http://${host}')`,
  }
  for (const [name, store] of Object.entries(stores)) {
    const file = `environments/${name}/environment.ts`
    edit(file, 'import { defineEnvironment', 'import { mlflow, oci, s3, defineEnvironment')
    edit(file, '  artifacts,\n', `  artifacts: ${store},\n`)
  }
  return Object.keys(stores)
}

/** `modelyard <args>` as a program and its arguments. */
export function commandLine(...args: string[]): string[] {
  return [process.execPath, '-C', 'modelyard-source', '--import', TSX, MAIN, ...args]
}

function run(cwd: string, args: string[], env: Record<string, string>): Promise<CommandResult> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !TOKENS.includes(name)))
  const options = {
    cwd,
    env: { ...inherited, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...env },
    maxBuffer: 2 ** 26,
  }
  return new Promise((resolve) => {
    const [program = '', ...rest] = commandLine(...args)
    execFile(program, rest, options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
    })
  })
}
