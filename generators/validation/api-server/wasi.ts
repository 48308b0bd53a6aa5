/** As much of the WebAssembly interface as is used: neither the language nor Node's types describe it. */
interface Engine {
  Module: { new (bytes: Uint8Array): object; imports(module: object): { name: string }[] }
  Instance: new (
    module: object,
    imports: Record<string, Record<string, unknown>>,
  ) => {
    exports: { memory: { buffer: ArrayBuffer }; _start(): void }
  }
}
const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly

/** What the program reads and writes. */
export interface Streams {
  args: readonly string[]
  /** The next piece of standard input; undefined at its end. */
  read(): Uint8Array | undefined
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
}

/** Ends the program, as `os.Exit` does. */
export class Exit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`the program ended with status ${code}`)
    this.code = code
  }
}

const SUCCESS = 0
const BAD_DESCRIPTOR = 8
const NOT_IMPLEMENTED = 52
const REALTIME = 0
const CHARACTER_DEVICE = 2
/** Of one `subscription` and one `event`. */
const EVENT_USER_DATA = 0
const EVENT_TYPE = 10
const SUBSCRIPTION_TYPE = 8

/**
 * As much of the WebAssembly System Interface, preview 1, as a program of Go needs that reads standard input and writes standard
 * output: no files, no environment, no network. https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */
export function runProgram(program: Uint8Array, { args, read, write }: Streams): void {
  let memory = { buffer: new ArrayBuffer(0) }
  const module = new engine.Module(program)
  const view = () => new DataView(memory.buffer)
  const bytesAt = (at: number, length: number) => new Uint8Array(memory.buffer, at, length)
  const given = args.map((arg) => Buffer.from(`${arg}\0`))
  let pending: Uint8Array = new Uint8Array(0)

  const functions: Record<string, (...args: never[]) => number> = {
    args_sizes_get(count: number, size: number) {
      view().setUint32(count, given.length, true)
      view().setUint32(size, Buffer.concat(given).length, true)
      return SUCCESS
    },
    args_get(list: number, buffer: number) {
      let at = buffer
      for (const [index, arg] of given.entries()) {
        view().setUint32(list + 4 * index, at, true)
        bytesAt(at, arg.length).set(arg)
        at += arg.length
      }
      return SUCCESS
    },
    environ_sizes_get(count: number, size: number) {
      view().setUint32(count, 0, true)
      view().setUint32(size, 0, true)
      return SUCCESS
    },
    environ_get: () => SUCCESS,
    clock_time_get(clock: number, _precision: bigint, at: number) {
      const nanoseconds = clock === REALTIME ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint()
      view().setBigUint64(at, nanoseconds, true)
      return SUCCESS
    },
    random_get(at: number, length: number) {
      crypto.getRandomValues(bytesAt(at, length))
      return SUCCESS
    },
    fd_fdstat_get(descriptor: number, at: number) {
      if (descriptor > 2) return BAD_DESCRIPTOR
      bytesAt(at, 24).fill(0)
      view().setUint8(at, CHARACTER_DEVICE)
      return SUCCESS
    },
    fd_fdstat_set_flags: () => SUCCESS,
    fd_prestat_get: () => BAD_DESCRIPTOR,
    fd_read(_descriptor: number, vectors: number, count: number, total: number) {
      let done = 0
      for (let index = 0; index < count; index++) {
        if (pending.length === 0 && done === 0) pending = read() ?? pending
        const part = pending.subarray(0, view().getUint32(vectors + 8 * index + 4, true))
        bytesAt(view().getUint32(vectors + 8 * index, true), part.length).set(part)
        pending = pending.subarray(part.length)
        done += part.length
      }
      view().setUint32(total, done, true)
      return SUCCESS
    },
    fd_write(descriptor: number, vectors: number, count: number, total: number) {
      let done = 0
      for (let index = 0; index < count; index++) {
        const [at, length] = [vectors + 8 * index, vectors + 8 * index + 4].map((place) =>
          view().getUint32(place, true),
        )
        write(descriptor === 1 ? 'stdout' : 'stderr', bytesAt(at ?? 0, length ?? 0).slice())
        done += length ?? 0
      }
      view().setUint32(total, done, true)
      return SUCCESS
    },
    // Nothing is waited for: whatever is asked about has happened.
    poll_oneoff(subscriptions: number, events: number, _count: number, happened: number) {
      bytesAt(events, 32).fill(0)
      view().setBigUint64(events + EVENT_USER_DATA, view().getBigUint64(subscriptions, true), true)
      view().setUint8(events + EVENT_TYPE, view().getUint8(subscriptions + SUBSCRIPTION_TYPE))
      view().setUint32(happened, 1, true)
      return SUCCESS
    },
    sched_yield: () => SUCCESS,
    proc_exit(code: number) {
      throw new Exit(code)
    },
  }
  const imports = engine.Module.imports(module).map(({ name }) => [name, functions[name] ?? (() => NOT_IMPLEMENTED)])
  const instance = new engine.Instance(module, { wasi_snapshot_preview1: Object.fromEntries(imports) })
  memory = instance.exports.memory
  try {
    instance.exports._start()
  } catch (error) {
    if (!(error instanceof Exit) || error.code !== 0) throw error
  }
}
