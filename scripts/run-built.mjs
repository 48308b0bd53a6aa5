// For the whole suite of `npm test`, which builds first: a process or thread that a test, or what it tests, starts from a source file
// starts from what was built of that file, which loads in a third of the time.
import childProcess from 'node:child_process'
import { existsSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import workerThreads from 'node:worker_threads'

const root = fileURLToPath(new URL('..', import.meta.url))
const FOLDERS = { 'generators/': 'lib/', 'serving/': 'serving/lib/' }

/** The path of what was built of a source file; undefined for any other argument. */
function builtOf(file) {
  if (typeof file !== 'string' || !file.startsWith(root) || !file.endsWith('.ts')) return undefined
  const path = file.slice(root.length).replace(/\.ts$/, '.js')
  const folder = Object.keys(FOLDERS).find((name) => path.startsWith(name))
  const built = folder && `${root}${FOLDERS[folder]}${path.slice(folder.length)}`
  return built && existsSync(built) ? built : undefined
}

/** Flags of Node without those that load sources. */
function withoutLoader(flags) {
  return flags.filter((flag, index) => {
    const [pair, former] = [`${flag} ${flags[index + 1]}`, `${flags[index - 1]} ${flag}`]
    return ![pair, former].some((text) => /^(-C modelyard-source|--import \S*\btsx\b\S*)$/.test(text))
  })
}

/** Arguments of Node with a program among them. */
function builtArguments(args) {
  const at = Array.isArray(args) ? args.findIndex(builtOf) : -1
  return at === -1 ? args : [...withoutLoader(args.slice(0, at)), builtOf(args[at]), ...args.slice(at + 1)]
}

for (const name of ['spawn', 'spawnSync', 'execFile', 'execFileSync']) {
  const original = childProcess[name]
  const replaced = (program, args, ...rest) => original(program, builtArguments(args), ...rest)
  childProcess[name] = Object.defineProperties(replaced, Object.getOwnPropertyDescriptors(original))
}

const { fork } = childProcess
childProcess.fork = (file, args, options) => {
  const built = builtOf(file)
  if (built === undefined) return fork(file, args, options)
  return fork(built, args, { ...options, execArgv: withoutLoader(options?.execArgv ?? process.execArgv) })
}

workerThreads.Worker = class extends workerThreads.Worker {
  constructor(entry, options = {}) {
    // From the sources, a thread is a script that registers tsx and imports the source file.
    const [, url] = (options.eval && /\bimport\("(file:[^"]+\.ts)"\)/.exec(entry)) || []
    const built = url && builtOf(fileURLToPath(url))
    if (built === undefined) super(entry, options)
    else super(pathToFileURL(built), { ...options, eval: false })
  }
}

syncBuiltinESMExports()
