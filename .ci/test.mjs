// `npm test [-- pattern]`: runs every *.test.ts with uvu, shared out over one process a core; ends with "N passed, N failed".
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'uvu/parse'
import { run } from 'uvu/run'

const SKIPPED = new Set(['node_modules', 'lib', 'dist', 'coverage', '.git'])
const root = fileURLToPath(new URL('..', import.meta.url))
const [mode, ...rest] = process.argv.slice(2)

if (mode === '--share') {
  // One share of the files, in a process of its own.
  const { suites } = await parse(root, /\.test\.ts$/, { ignore: ['node_modules', 'lib', 'dist', 'coverage'] })
  await run(
    suites.filter(({ name }) => rest.includes(name.replaceAll('\\', '/'))),
    {},
  )
} else {
  const pattern = new RegExp(mode ?? '')
  const files = testFiles('').filter(({ path }) => pattern.test(path))
  if (files.length === 0) {
    console.error(`No test file matches ${pattern}.`)
    process.exit(2)
  }
  const results = await Promise.all(shares(files, Math.min(availableParallelism(), files.length)).map(runShare))
  const sum = (key) => results.reduce((total, result) => total + result[key], 0)
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
  process.exitCode = sum('failed') === 0 ? 0 : 1
}

function testFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : testFiles(path)
    return path.endsWith('.test.ts') ? [{ path, size: statSync(join(root, path)).size }] : []
  })
}

/** Longest first, each to the share that has least: a file's length stands for its time. */
function shares(files, count) {
  const groups = Array.from({ length: count }, () => ({ size: 0, paths: [] }))
  for (const { path, size } of files.sort((a, b) => b.size - a.size)) {
    const least = groups.reduce((best, group) => (group.size < best.size ? group : best))
    least.size += size
    least.paths.push(path)
  }
  return groups.map(({ paths }) => paths)
}

/** A share's output is shown whole, once it has ended; a process that dies fails all that it did not report. */
function runShare(paths) {
  const args = ['-C', 'modelyard-source', '--import', 'tsx', fileURLToPath(import.meta.url), '--share', ...paths]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return new Promise((resolve) => {
    child.on('close', (code) => {
      process.stdout.write(output)
      const count = (name) => Number(new RegExp(`^\\s*${name}:\\s+(\\d+)`, 'm').exec(output)?.[1] ?? Number.NaN)
      const [total, passed] = [count('Total'), count('Passed')]
      if (Number.isNaN(total)) resolve({ passed: 0, failed: paths.length })
      else resolve({ passed, failed: total - passed || (code === 0 ? 0 : 1) })
    })
  })
}
