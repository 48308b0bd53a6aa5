import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
export const python = process.env.STORES_PYTHON ?? ''
export const scratch = mkdtempSync(join(tmpdir(), 'modelyard-stores-'))
export const children = new Set()
let passed = 0
let failed = 0

export function check(what, holds, more = '') {
  console.log(`${holds ? 'ok' : 'FAILED'}: ${what}${holds || more === '' ? '' : `\n${more}`}`)
  if (holds) passed += 1
  else failed += 1
}

export function start(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: scratch,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      child.output += text
    })
  }
  child.on('error', (error) => {
    child.output += error.message
  })
  child.ended = new Promise((done) => child.on('close', done))
  return child
}

export async function stop(child) {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await child.ended
  clearTimeout(timer)
  children.delete(child)
}

export async function freePort() {
  const server = createSocket().listen(0, '127.0.0.1')
  await new Promise((done) => server.on('listening', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

export async function until(condition, what, seconds = 60, child) {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    if (await Promise.resolve(condition()).catch(() => false)) return
    if (child !== undefined && child.exitCode !== null) throw new Error(`${what}: it ended\n${child.output}`)
    if (Date.now() > deadline) throw new Error(`never: ${what}\n${child?.output ?? ''}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

export const answers = (url) => async () => (await fetch(url)).status < 500

export function skip(what, how) {
  console.log(`skipped: needs ${what}, get it by ${how}`)
}

export function hasCommand(name) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)))
}

/** Ends what still runs, removes what was written and tells the counts; exit status 1 when a check failed. */
export function finish() {
  for (const child of children) child.kill('SIGKILL')
  rmSync(scratch, { recursive: true, force: true })
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
}
