import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Ticks of /proc/<pid>/stat in a second: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Servers have the first core to themselves; the load and this program the second. */
const SERVER_CORE = '0'
const LOAD_CORE = '1'

/** Why processes cannot have a core of their own; undefined when they can. */
export const unpinnable: string | undefined =
  availableParallelism() < 2
    ? 'servers and load share the only core'
    : spawnSync('taskset', ['--version']).status === 0
      ? undefined
      : 'servers and load share the cores: needs taskset, get it by: apt-get install util-linux'

/** Moves this process, and what it starts from now on, to the core of the load. */
export function pinThisProcess(): void {
  if (unpinnable === undefined)
    spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', LOAD_CORE, String(process.pid)])
}

/** A command that runs on the core of the servers. */
export function pinnedCommand(command: readonly string[]): string[] {
  return unpinnable === undefined ? ['taskset', '--cpu-list', SERVER_CORE, ...command] : [...command]
}

/** A server and the processes it starts. */
export interface ProcessTree {
  child: ChildProcess
  /** Seconds of CPU time, user and system, that all of them have used. */
  cpuSeconds(): number
  /** Stops them all in their tracks, so that a server that is not measured takes nothing from the one that is. */
  pause(): void
  resume(): void
  kill(): void
}

/** Starts a server on the core of the servers; what it prints is kept for a failure to show. */
export function startPinned(
  command: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string },
): ProcessTree & { output(): string } {
  const [program = '', ...args] = pinnedCommand(command)
  const child = spawn(program, args, {
    ...options,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed = (printed + chunk).slice(-4000)
    })
  }
  const signal = (name: NodeJS.Signals) => {
    for (const pid of tree(child.pid)) process.kill(pid, name)
  }
  return {
    child,
    output: () => printed,
    cpuSeconds: () => tree(child.pid).reduce((sum, pid) => sum + cpuTicks(pid), 0) / TICKS_PER_SECOND,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    kill: () => signal('SIGKILL'),
  }
}

/** A process and its descendants, parents first: a parent that ends would leave its children to somebody else. */
function tree(root: number | undefined): number[] {
  if (root === undefined) return []
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    const [, parent] = fields(Number(entry)) ?? []
    if (parent !== undefined) children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(entry)])
  }
  const found: number[] = []
  const visit = (pid: number) => {
    if (fields(pid) === undefined) return
    found.push(pid)
    for (const child of children.get(pid) ?? []) visit(child)
  }
  visit(root)
  return found
}

function cpuTicks(pid: number): number {
  const values = fields(pid) ?? []
  // Fields 14 and 15 of proc(5), counted from field 3.
  return Number(values[11] ?? 0) + Number(values[12] ?? 0)
}

/** /proc/<pid>/stat from field 3 (the state) on: the name before it may hold blanks and parentheses. */
function fields(pid: number): string[] | undefined {
  if (!Number.isInteger(pid)) return undefined
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
