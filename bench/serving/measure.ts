import { execFileSync } from 'node:child_process'
import type { Contestant, Server } from './contestant.ts'
import { load } from './load.ts'
import { pinnedCommand } from './process-tree.ts'
import { type RunningServer, runServer } from './run-server.ts'

/** What V8 needs before a path of a server is as fast as it gets. */
const WARM_CPU_SECONDS = 2
const MOST_WARM_TURNS = 10

const SETTLE_MS = 200

/** One contestant at one number of connections; each figure is the median of the rounds. */
export interface Measurement {
  id: string
  title: string
  connections: number
  /** CPU time of all its processes over the number of requests, microseconds. */
  cpuMicroseconds: number
  /** The same of each round; null for a round in which it failed. */
  cpuByRound: (number | null)[]
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
}

/** A call of ONNX Runtime in a process that does nothing else. */
export interface LoopMeasurement {
  id: string
  title: string
  cpuMicroseconds: number
  cpuByRound: (number | null)[]
}

export interface Loop {
  id: string
  title: string
  /** Prints `{microseconds}`. */
  command: string[]
  cwd: string
}

/** Starts servers, which are paused until they are measured; what cannot be started is told, with the reason, and left out. */
export class Field {
  readonly contestants: Contestant[] = []
  private readonly running = new Map<Server, RunningServer>()

  /** Starts what is not running yet and asks each contestant once: a wrong answer is an error. */
  async enter(...contestants: Contestant[]): Promise<void> {
    for (const contestant of contestants) {
      const { server, path, headers, body, isRight, title } = contestant
      let running = this.running.get(server)
      if (running === undefined) {
        running = await runServer(server)
        this.running.set(server, running)
      } else running.resume()
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', headers, body })
      const content = new Uint8Array(await answer.arrayBuffer())
      if (!answer.ok || !isRight(content)) {
        throw new Error(`${title} answers ${answer.status} ${Buffer.from(content).toString().slice(0, 300)}`)
      }
      running.pause()
      this.contestants.push(contestant)
    }
  }

  readySeconds(server: Server): number {
    return this.running.get(server)?.readySeconds ?? Number.NaN
  }

  async measure(contestant: Contestant, connections: number, seconds: number, scratch: string) {
    const { server, path, headers, body } = contestant
    const running = this.running.get(server)
    if (running === undefined) throw new Error(`${server.name} does not run`)
    running.resume()
    const before = running.cpuSeconds()
    const request = { url: `http://127.0.0.1:${server.port}${path}`, headers, body }
    const result = await load(request, { connections, seconds, scratch })
    const cpuMicroseconds = ((running.cpuSeconds() - before) / result.requests) * 1e6
    // What the load has left behind is finished first: a call that is stopped in its tracks would look slow to the server for long.
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    running.pause()
    return { ...result, cpuMicroseconds, requestsPerSecond: result.requests / result.seconds }
  }

  /** Loads it until it has used enough CPU time to be compiled, however little of the core it gets. */
  async warmUp(contestant: Contestant, scratch: string): Promise<void> {
    for (let used = 0, turn = 0; used < WARM_CPU_SECONDS && turn < MOST_WARM_TURNS; turn++) {
      const { cpuMicroseconds, requests } = await this.measure(contestant, 32, 1, scratch)
      used += (cpuMicroseconds * requests) / 1e6
    }
  }

  close(): void {
    for (const running of this.running.values()) running.kill()
  }
}

/**
 * Every contestant and loop, one after the other, and that again for each round: what else the machine does then falls on all
 * of them alike.
 */
export async function measureAll(
  field: Field,
  loops: readonly Loop[],
  { rounds, seconds, scratch }: { rounds: number; seconds: number; scratch: string },
): Promise<{ measurements: Measurement[]; loops: LoopMeasurement[] }> {
  const cases = field.contestants.flatMap((contestant) =>
    contestant.connections.map((connections) => ({
      contestant,
      connections,
      results: [] as (Omit<Measurement, 'id' | 'title' | 'connections' | 'cpuByRound'> | null)[],
    })),
  )
  const turns = loops.map((loop) => ({ loop, results: [] as number[] }))
  for (const contestant of field.contestants) await field.warmUp(contestant, scratch)
  for (let round = 0; round < rounds; round++) {
    console.log(`round ${round + 1} of ${rounds}`)
    for (const { contestant, connections, results } of cases) {
      const result = await field.measure(contestant, connections, seconds, scratch)
      // A turn in which the machine let nothing through says nothing, and a server that refuses is fast.
      results.push(result.requests > 0 && result.failed === 0 ? result : null)
    }
    for (const { loop, results } of turns) {
      const [program = '', ...args] = pinnedCommand(loop.command)
      const printed = execFileSync(program, [...args, String(seconds)], { cwd: loop.cwd, encoding: 'utf8' })
      results.push(JSON.parse(printed).microseconds)
    }
  }
  return {
    measurements: cases.map(({ contestant: { id, title }, connections, results }) => {
      const counted = results.filter((result) => result !== null)
      return {
        id,
        title,
        connections,
        cpuMicroseconds: median(counted.map(({ cpuMicroseconds }) => cpuMicroseconds)),
        cpuByRound: results.map((result) => result?.cpuMicroseconds ?? null),
        requestsPerSecond: median(counted.map(({ requestsPerSecond }) => requestsPerSecond)),
        p50Ms: median(counted.map(({ p50Ms }) => p50Ms)),
        p99Ms: median(counted.map(({ p99Ms }) => p99Ms)),
      }
    }),
    loops: turns.map(({ loop: { id, title }, results }) => {
      return { id, title, cpuMicroseconds: median(results), cpuByRound: results }
    }),
  }
}

/** Seconds to readiness of a server that is started again and again. */
export async function readiness(server: Server, times: number): Promise<number> {
  const seconds: number[] = []
  for (let time = 0; time < times; time++) {
    const running = await runServer(server)
    seconds.push(running.readySeconds)
    running.kill()
    await new Promise((resolve) => running.child.once('close', resolve))
  }
  return median(seconds)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2
}
