import { appendFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { requestHash } from '../prediction-log/index.ts'
import { type LoggedEvent, parseEvents } from './parse-events.ts'
import { linesOf } from './read-lines.ts'

const PARTITIONS = 64
/** 64 to the power of this many parts, each as large as memory may be, are enough for any log. */
const DEEPEST = 3
/** Bytes that wait for one partition's file. */
const WRITE_BYTES = 256 * 1024
/** What a line costs beside its text, about. */
const LINE_OVERHEAD = 100
/** Events of one request that are looked at; one request with more is somebody's loop. */
const MOST_EVENTS = 1000

export interface Grouping {
  /** Bytes of lines that may be in memory. */
  memoryBytes: number
  /** An empty folder; partitions are written here when the lines do not fit. */
  folder: string
  /** Takes the events of one request, in the order in which they were read. */
  request(events: LoggedEvent[]): Promise<void> | void
  /** An event that is left out because its request has too many. */
  leftOut(): void
}

/**
 * Brings the events of each request together. What does not fit into memory is partitioned on disk by a hash of the request id, and
 * each part again where it does not fit either, so that memory holds `memoryBytes` of lines and the write buffers
 * (16 MiB a level) whatever the size of the logs; the disk holds the logs once more, unpacked.
 */
export function groupByRequest(events: AsyncIterable<LoggedEvent>, grouping: Grouping): Promise<void> {
  return groupLevel(events, grouping, 0)
}

async function groupLevel(events: AsyncIterable<LoggedEvent>, grouping: Grouping, level: number): Promise<void> {
  const { memoryBytes, folder, request, leftOut } = grouping
  const groups = new Map<string, string[]>()
  let bytes = 0
  let partitions: Partitions | undefined
  for await (const event of events) {
    const line = JSON.stringify(event)
    if (partitions !== undefined) {
      await partitions.write(event.requestId, line)
      continue
    }
    const group = groups.get(event.requestId)
    if (group === undefined) groups.set(event.requestId, [line])
    else if (group.length < MOST_EVENTS) group.push(line)
    else {
      leftOut()
      continue
    }
    bytes += line.length + LINE_OVERHEAD
    if (bytes > memoryBytes && level < DEEPEST) {
      partitions = new Partitions(join(folder, `level-${level}`), level)
      for (const [requestId, lines] of groups) for (const kept of lines) await partitions.write(requestId, kept)
      groups.clear()
    }
  }
  if (partitions === undefined) {
    for (const lines of groups.values()) await request(lines.flatMap((line) => parseEvents(line) ?? []))
    return
  }
  for (const file of await partitions.finish()) {
    await groupLevel(eventsOf(file), grouping, level + 1)
    await rm(file)
  }
}

async function* eventsOf(file: string): AsyncGenerator<LoggedEvent> {
  for await (const line of linesOf(file, () => {})) yield* parseEvents(line) ?? []
}

/** Files in which all lines of one request are together. */
class Partitions {
  private readonly folder: string
  private readonly level: number
  private readonly waiting = Array.from({ length: PARTITIONS }, () => ({
    lines: [] as string[],
    bytes: 0,
    used: false,
  }))

  constructor(folder: string, level: number) {
    this.folder = folder
    this.level = level
  }

  async write(requestId: string, line: string): Promise<void> {
    // Another hash at each level: the requests of one part are those that met in the hash above.
    const number = requestHash(requestId, this.level + 1) % PARTITIONS
    const part = this.waiting[number] as (typeof this.waiting)[number]
    part.lines.push(line)
    part.bytes += line.length
    if (part.bytes > WRITE_BYTES) await this.flush(number)
  }

  /** The files that have been written. */
  async finish(): Promise<string[]> {
    const files: string[] = []
    for (const [number, { used, lines }] of this.waiting.entries()) {
      if (lines.length > 0) await this.flush(number)
      if (used || lines.length > 0) files.push(this.fileOf(number))
    }
    return files
  }

  private async flush(number: number): Promise<void> {
    const part = this.waiting[number] as (typeof this.waiting)[number]
    await mkdir(this.folder, { recursive: true })
    await appendFile(this.fileOf(number), `${part.lines.join('\n')}\n`, { mode: 0o600 })
    this.waiting[number] = { lines: [], bytes: 0, used: true }
  }

  private fileOf(number: number): string {
    return join(this.folder, `${number}.jsonl`)
  }
}
