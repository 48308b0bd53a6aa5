import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Milliseconds between two looks at a process's memory. */
const WATCH_MS = 10
/** The same where a process has to be started for each look. */
const SLOW_WATCH_MS = 250
const PAGE_BYTES = 4096
/** Seconds of processor time after which the kernel ends the process, should its parent be gone. */
const CPU_SECONDS = 900

/**
 * Limits the memory that a process may add to what it has now, in bytes, until `stop` is called; `exceeded` is called once when
 * it holds more.
 *
 * On Linux with util-linux (every Debian image) `prlimit` sets RLIMIT_DATA, so that the kernel refuses the allocation before any
 * memory is touched. Everywhere the resident memory is polled as well: without `prlimit`, and off Linux by `ps`, that alone holds.
 * Windows has neither: there only the time is limited.
 */
export async function limitMemory(pid: number, bytes: number, exceeded: () => void): Promise<{ stop(): void }> {
  await setDataLimit(pid, bytes)
  const before = (await privateBytes(pid)) ?? 0
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    const held = await privateBytes(pid)
    looking = false
    if (held === undefined || held - before <= bytes) return
    clearInterval(timer)
    exceeded()
  }
  const timer = setInterval(() => void look(), process.platform === 'linux' ? WATCH_MS : SLOW_WATCH_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/** The soft limit alone, which can be set again for the next model; false where it could not be set. */
async function setDataLimit(pid: number, bytes: number): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const [, kilobytes] = /^VmData:\s*(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '') ?? []
  if (kilobytes === undefined) return false
  const limit = Number(kilobytes) * 1024 + bytes
  const args = ['--pid', String(pid), `--data=${limit}:`, `--cpu=${CPU_SECONDS}:`, '--core=0:']
  return new Promise((resolve) => {
    execFile('prlimit', args, { timeout: 5000 }, (error) => resolve(error === null))
  })
}

/** Resident memory that belongs to this process alone; undefined when it is gone or cannot be seen. */
async function privateBytes(pid: number): Promise<number | undefined> {
  if (process.platform === 'linux') {
    const [, resident, shared] = (read(`/proc/${pid}/statm`) ?? '').split(' ').map(Number)
    return resident === undefined || shared === undefined ? undefined : (resident - shared) * PAGE_BYTES
  }
  if (process.platform === 'win32') return undefined
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], { timeout: 5000 }, (error, stdout) =>
      resolve(error === null ? Number(stdout) * 1024 : undefined),
    )
  })
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
