import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const POLL_MS = 2000
/** Kubernetes replaces several links at once; an editor writes in pieces. */
const SETTLE_MS = 50

export interface FileWatch {
  /** Reads once, right now, and resolves when the change, if any, has been handled. */
  check(): Promise<void>
  close(): void
}

/**
 * Calls `onChange` with the text of a file whenever it differs from the last, and once at the first `check`; undefined while
 * there is no such file.
 */
export function watchFile(path: string, onChange: (text: string | undefined) => Promise<void>): FileWatch {
  const read = (last: string | undefined) =>
    readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      // Unreadable for now is not the same as gone: keep what was read last.
      return last
    })
  return watchContent([dirname(path)], read, onChange)
}

/**
 * The same for what `read` makes of any files in these directories; it is given what it returned last. Directories are
 * watched, not files: a ConfigMap or Secret volume swaps the symbolic link `..data`, which leaves a watch on the old file.
 * Polling covers file systems without events, and a directory that comes later.
 */
export function watchContent(
  directories: readonly string[],
  read: (last: string | undefined) => Promise<string | undefined>,
  onChange: (text: string | undefined) => Promise<void>,
): FileWatch {
  let last: string | undefined | null = null
  let running: Promise<void> | undefined
  const watchers = new Map<string, FSWatcher>()
  let settle: NodeJS.Timeout | undefined
  let closed = false

  async function readAndCompare(): Promise<void> {
    const text = await read(last ?? undefined)
    if (closed || text === last) return
    last = text
    await onChange(text)
  }

  function check(): Promise<void> {
    running ??= readAndCompare().finally(() => {
      running = undefined
    })
    return running
  }

  function startWatching(): void {
    if (closed) return
    for (const directory of directories) {
      if (watchers.has(directory)) continue
      try {
        const watcher = watch(directory, { persistent: false }, () => {
          clearTimeout(settle)
          settle = setTimeout(() => void check(), SETTLE_MS)
        })
        watcher.on('error', () => stopWatching(directory))
        watchers.set(directory, watcher)
      } catch {
        // No such directory yet, or no watches left: polling does it.
      }
    }
  }

  function stopWatching(directory: string): void {
    watchers.get(directory)?.close()
    watchers.delete(directory)
  }

  startWatching()
  const poll = setInterval(() => {
    startWatching()
    void check()
  }, POLL_MS)
  poll.unref()

  return {
    check,
    close() {
      closed = true
      clearInterval(poll)
      clearTimeout(settle)
      for (const directory of directories) stopWatching(directory)
    },
  }
}
