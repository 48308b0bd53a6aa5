// `npm test [-- pattern]`: runs every *.test.ts with uvu in a few processes, each of which takes the next file when it has
// finished one, and kills a file that hangs; ends with "N passed, N failed". The whole suite builds first, and what the tests start
// in processes and threads is what was built; with a pattern, everything runs from the sources.
import { execFileSync, fork } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from 'uvu/run'

const SKIPPED = new Set(['node_modules', 'lib', 'dist', 'coverage', '.git'])
/** Ends what a file prints. */
const END = '\0'
/** A file that takes longer hangs: the slowest takes two minutes on two busy cores. Milliseconds. */
const FILE_TIMEOUT = Number(process.env.MODELYARD_TEST_FILE_TIMEOUT_MS ?? 480_000)
const root = fileURLToPath(new URL('..', import.meta.url))
/** Flags of Node for the processes of the tests. */
let runBuilt = []

if (process.send) process.on('message', runFile)
else await runAll(process.argv[2])

async function runAll(pattern) {
  const paths = testFiles().filter((path) => new RegExp(pattern ?? '').test(path))
  if (paths.length === 0) {
    console.error(`No test file matches ${pattern}.`)
    process.exit(2)
  }
  if (pattern === undefined) {
    execFileSync('npm', ['run', '--silent', 'build'], {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    })
    runBuilt = ['--import', new URL('run-built.mjs', import.meta.url).href]
  }
  // One more than there are cores: many tests wait for processes of their own.
  const workers = Math.min(availableParallelism() + 1, paths.length)
  const counts = { passed: 0, failed: 0 }
  await Promise.all(Array.from({ length: workers }, () => work(paths, counts)))
  console.log(`${counts.passed} passed, ${counts.failed} failed`)
  process.exitCode = counts.failed === 0 ? 0 : 1
}

/** Longest first, so that no long one is left for the end: a file's length stands for its time. */
function testFiles() {
  const found = (below) =>
    readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : found(path)
      return path.endsWith('.test.ts') ? [{ path, size: statSync(join(root, path)).size }] : []
    })
  return found('')
    .sort((a, b) => b.size - a.size)
    .map(({ path }) => path)
}

/** One process, which runs files until none is left; where it dies, another takes the next file. Output is shown file by file. */
async function work(paths, counts) {
  let child
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    child ??= fork(fileURLToPath(import.meta.url), {
      cwd: root,
      execArgv: ['-C', 'modelyard-source', '--import', 'tsx', ...runBuilt],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const { output, isAlive } = await runIn(child, path)
    if (!isAlive) child = undefined
    const count = (name) => Number(new RegExp(`^\\s*${name}:\\s+(\\d+)`, 'm').exec(output)?.[1] ?? 0)
    const [total, passed] = [count('Total'), count('Passed')]
    // A file that reports no test, or whose process dies after its report, has failed.
    const failed = Math.max(total - passed, isAlive && total > 0 ? 0 : 1)
    if (!isAlive) process.stdout.write(`FAILED: the process died in ${path}\n`)
    counts.passed += passed
    counts.failed += failed
    process.stdout.write(failed ? output : output.replace(/\n {2}Total: [\s\S]*$/, '\n'))
  }
  child?.disconnect()
}

/** Runs one file in the process and gives what it printed, or what it had printed when it died. */
function runIn(child, path) {
  let output = `${path}\n`
  child.send(path)
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      output += `\nFAILED: ${path} did not end within ${FILE_TIMEOUT / 1000} s; its last test above hangs\n`
      child.kill('SIGKILL')
    }, FILE_TIMEOUT)
    const finish = (isAlive) => {
      clearTimeout(timer)
      for (const stream of [child.stdout, child.stderr]) stream.off('data', collect)
      child.off('close', onClosed)
      resolve({ output: output.replace(END, ''), isAlive })
    }
    const onClosed = () => finish(false)
    const collect = (chunk) => {
      output += chunk
      if (output.endsWith(END)) finish(true)
    }
    for (const stream of [child.stdout, child.stderr]) stream.on('data', collect)
    child.once('close', onClosed)
  })
}

/** In the process of its own. uvu's queue holds what ran before. */
async function runFile(path) {
  if (globalThis.UVU_QUEUE) globalThis.UVU_QUEUE.length = 0
  try {
    await run([{ name: null, file: join(root, path) }])
  } catch (error) {
    console.log(error)
  }
  process.stdout.write(END)
}
