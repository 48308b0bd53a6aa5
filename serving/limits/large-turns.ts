/** Waiting work that blocks the event loop for long, each for a turn of its own. */
const waiting: (() => void)[] = []
let taken = false

/**
 * Resolves when it is the caller's turn to block the event loop. Between two turns everything else that waits is served, so that
 * large requests that arrive together delay a small one by one of them and not by all.
 */
export function largeTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (!taken) next()
  })
}

function next(): void {
  const resolve = waiting.shift()
  taken = resolve !== undefined
  if (resolve === undefined) return
  resolve()
  // What the caller does follows at once, in microtasks; an immediate comes after them, and a second one after the next poll.
  setImmediate(() => setImmediate(next))
}
