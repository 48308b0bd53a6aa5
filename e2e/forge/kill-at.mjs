// Preloaded with `node --import`: notes every step of the program that leaves a trace outside of it (git commands, calls of the
// forge, files renamed into place), and ends the process with SIGKILL at one of them.
//
//     MODELYARD_STEPS=<file>   writes the steps, one a line: `before git push`, `after POST /repos/example/models/pulls`
//     MODELYARD_KILL_AT=<step> the first time that this one comes
//
// Nothing of this is in the program itself: it wraps Node's own modules.
import childProcess from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'

const log = process.env.MODELYARD_STEPS
const killAt = process.env.MODELYARD_KILL_AT

function step(name, child) {
  if (log) appendFileSync(log, `${name}\n`)
  if (name !== killAt) return
  // What a machine that stops takes with it: the program and what it has started.
  child?.kill('SIGKILL')
  process.kill(process.pid, 'SIGKILL')
}

const { spawn } = childProcess
childProcess.spawn = (command, args, ...rest) => {
  const child = spawn(command, args, ...rest)
  if (basename(String(command)) === 'git') {
    const words = args.filter((word) => /^[a-z]/.test(word)).slice(0, 2)
    const name = `git ${words[0] === 'worktree' ? words.join(' ') : words[0]}`
    step(`before ${name}`, child)
    child.once('exit', () => step(`after ${name}`))
  }
  return child
}

const { rename } = files
files.rename = async (from, to) => {
  const name = `rename ${String(to).replace(/^.*\/modelyard-[^/]*\//, '')}`
  step(`before ${name}`)
  await rename(from, to)
  step(`after ${name}`)
}
syncBuiltinESMExports()

const call = ({ request }) => `${request.method} ${request.path.split('?')[0].replace(/[0-9a-f]{40}/, '<commit>')}`
subscribe('undici:request:create', (message) => step(`before ${call(message)}`))
subscribe('undici:request:headers', (message) => step(`after ${call(message)}`))
