import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A cgroup with a memory limit of its own, in which processes can be started. */
export interface MemoryCgroup {
  /** A process that writes its id to this file belongs to the cgroup, and so do its children. */
  processes: string
  /** Bytes that are charged now. */
  usedBytes(): number
  /** Most bytes that were charged at a time. */
  peakBytes(): number | undefined
  /** Processes that the kernel has killed for want of memory. */
  kills(): number
  remove(): void
}

const ROOT = '/sys/fs/cgroup'
const NAME = `modelyard-limits-${process.pid}`

/** A cgroup below this process's own, v1 or v2; a string says why there is none. */
export function createMemoryCgroup(bytes: number): MemoryCgroup | string {
  const membership = readFileSync('/proc/self/cgroup', 'utf8').split('\n')
  const v1 = membership.find((line) => line.split(':')[1]?.split(',').includes('memory'))
  const v2 = membership.find((line) => line.startsWith('0::'))
  try {
    if (v1 !== undefined) return createV1(join(ROOT, 'memory', pathOf(v1), NAME), bytes)
    if (v2 !== undefined) return createV2(join(ROOT, pathOf(v2)), bytes)
    return 'this machine has no memory cgroups'
  } catch (error) {
    return `cannot create a memory cgroup: ${(error as Error).message}`
  }
}

function pathOf(line: string): string {
  return line.split(':').slice(2).join(':')
}

function createV1(directory: string, bytes: number): MemoryCgroup {
  mkdirSync(directory)
  const read = (file: string) => readFileSync(join(directory, file), 'utf8')
  writeFileSync(join(directory, 'memory.limit_in_bytes'), String(bytes))
  // Where swap is accounted for it must not be a way out.
  if (existsSync(join(directory, 'memory.memsw.limit_in_bytes'))) {
    writeFileSync(join(directory, 'memory.memsw.limit_in_bytes'), String(bytes))
  }
  return {
    processes: join(directory, 'cgroup.procs'),
    usedBytes: () => Number(read('memory.usage_in_bytes')),
    peakBytes: () => Number(read('memory.max_usage_in_bytes')),
    kills: () => Number(/^oom_kill (\d+)/m.exec(read('memory.oom_control'))?.[1] ?? 0),
    remove: () => rmdirSync(directory),
  }
}

/** v2 has no processes in a cgroup whose children have controllers: only the root and an empty parent can have one with a limit. */
function createV2(own: string, bytes: number): MemoryCgroup {
  const parent = own === `${ROOT}/` ? own : join(own, '..')
  const directory = join(parent, NAME)
  if (!readFileSync(join(parent, 'cgroup.subtree_control'), 'utf8').includes('memory')) {
    writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory')
  }
  mkdirSync(directory)
  const read = (file: string) => readFileSync(join(directory, file), 'utf8')
  writeFileSync(join(directory, 'memory.max'), String(bytes))
  if (existsSync(join(directory, 'memory.swap.max'))) writeFileSync(join(directory, 'memory.swap.max'), '0')
  return {
    processes: join(directory, 'cgroup.procs'),
    usedBytes: () => Number(read('memory.current')),
    peakBytes: () => (existsSync(join(directory, 'memory.peak')) ? Number(read('memory.peak')) : undefined),
    kills: () => Number(/^oom_kill (\d+)/m.exec(read('memory.events'))?.[1] ?? 0),
    remove: () => rmdirSync(directory),
  }
}
