import type { Server } from './contestant.ts'
import { type ProcessTree, startPinned } from './process-tree.ts'

const POLL_MS = 2
const LONGEST_START_MS = 90_000

export interface RunningServer extends ProcessTree {
  /** Seconds from the start of the process to the first 200 of its readiness. */
  readySeconds: number
}

/** Starts a server and waits until it says that it is ready; throws with the end of what it printed when it never is. */
export async function runServer({ name, command, env, cwd, port, readyPath }: Server): Promise<RunningServer> {
  const started = performance.now()
  const tree = startPinned(command, { ...(env && { env }), ...(cwd && { cwd }) })
  let ended = false
  tree.child.on('close', () => {
    ended = true
  })
  tree.child.on('error', () => {
    ended = true
  })
  const address = `http://127.0.0.1:${port}${readyPath}`
  for (;;) {
    const ready = await fetch(address).then(
      (answer) => answer.arrayBuffer().then(() => answer.ok),
      () => false,
    )
    const elapsed = performance.now() - started
    if (ready) return { ...tree, readySeconds: elapsed / 1000 }
    if (ended || elapsed > LONGEST_START_MS) {
      tree.kill()
      throw new Error(`${name} ${ended ? 'ended' : 'is not ready after 90 s'}:\n${tree.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
