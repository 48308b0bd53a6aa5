import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'

/** Programs outlive the process that starts them; `stopAll` ends those whose ids the folder holds. */
const STARTED = 'processes'

export interface Started {
  name: string
  log: string
  isRunning(): boolean
}

/**
 * Starts a program in the background, its output in `<folder>/<name>.log`.
 * @param args at least one must name the folder, so that `stopAll` never ends a program that is not ours
 */
export function start(
  folder: string,
  name: string,
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Started {
  const log = join(folder, `${name}.log`)
  const output = openSync(log, 'a')
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  let ended = false
  child.on('exit', () => {
    ended = true
  })
  child.on('error', (error) => {
    ended = true
    appendFileSync(log, `${error.message}\n`)
  })
  child.unref()
  if (child.pid !== undefined) appendFileSync(join(folder, STARTED), `${child.pid}\n`)
  return { name, log, isRunning: () => !ended }
}

/** Ends what was started in a folder, at once: what it wrote there is of no use to anybody. */
export async function stopAll(folder: string): Promise<void> {
  const file = join(folder, STARTED)
  if (!existsSync(file)) return
  const running = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(Number)
    .filter((id) => isOurs(id, folder))
  for (const id of running) process.kill(id, 'SIGKILL')
  await until('the processes have ended', () => !running.some((id) => isOurs(id, folder)), { seconds: 20 })
}

/** An id may have been given to another program since. */
function isOurs(id: number, folder: string): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=,args=', '-p', String(id)], { encoding: 'utf8' })
    return !state.startsWith('Z') && state.includes(basename(folder))
  } catch {
    return false
  }
}

/** Ports of 127.0.0.1 that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

export interface Patience {
  seconds: number
  /** Ends the wait at once when it has ended. */
  process?: Started
  /** What to tell when the time is over. */
  explain?: () => string
}

/** Asks until the answer is true. An error counts as a no, and its message is told when the time is over. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { seconds, process: started, explain }: Patience,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  let why = ''
  for (;;) {
    try {
      if (await condition()) return
    } catch (error) {
      why = (error as Error).message
    }
    if (started && !started.isRunning()) throw new Error(`${started.name} ended:\n${lastLines(started.log)}`)
    if (Date.now() > deadline) {
      throw new Error(`not within ${seconds} s: ${what}\n${explain?.() ?? why}`.trim())
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-15).join('\n')
}
